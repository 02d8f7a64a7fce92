# The MSRS data set with detection labels: train and test folders, three classes, YOLO labels.
data = dict(
    name="MSRS",
    source="github.com/Linfeng-Tang/MSRS (about 670 MB; images), YOLO labels beside them",  # where to get it
    root=None,  # None: data/MSRS
    labels="yolo",
    classes=["person", "bicycle", "car"],
    split="folders",
    seed=0,
)
