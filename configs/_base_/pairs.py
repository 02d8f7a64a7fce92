# A folder of pairs without labels.
data = dict(
    name="pairs",
    source="any folder of registered pairs",
    root=None,  # None: data/pairs
    infrared="",  # name of the folder of infrared images; "" finds ir, infrared, inf
    visible="",  # likewise; "" finds vi, vis, visible
    split="all",  # every pair is scored; folders, random, a published split, or a folder with train.txt and test.txt
    seed=0,  # of split "random"
)
