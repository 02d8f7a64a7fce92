# A folder of image pairs without labels.
data = dict(
    name="pairs",
    source="any folder of registered pairs",
    root=None,  # None: data/pairs
    infrared="",  # name of the folder of infrared images; "" looks for ir, infrared, inf
    visible="",  # likewise; "" looks for vi, vis, visible
    split="all",  # "all" scores every pair; or folders, random, a published split, a folder of train.txt and test.txt
    seed=0,  # of the split "random"
    infrared_range="dataset",  # what becomes black and white in 16-bit infrared: percentile, image, or [low, high]
    registration=None,  # a file of tools/register_pairs.py, if the two cameras see differently
)
