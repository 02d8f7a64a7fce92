# The MSRS data set with detection labels: train and test folders, three classes, YOLO labels.
data = dict(
    name="MSRS",
    root=None,  # None: data/MSRS
    labels="yolo",
    classes=["person", "bicycle", "car"],
    split="folders",
    seed=0,
)
