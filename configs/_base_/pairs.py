# A folder of pairs without labels.
data = dict(
    name="pairs",
    root=None,  # None: data/pairs
    split="all",  # every pair is scored; folders, random, a published split, or a folder with train.txt and test.txt
    seed=0,  # of split "random"
)
