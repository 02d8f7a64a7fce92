# The MSRS data set for detection: train and test folders, three classes, YOLO labels.
data = dict(
    name="MSRS",
    source="github.com/Linfeng-Tang/MSRS (about 670 MB; images), YOLO labels beside them",  # download
    root=None,  # None: data/MSRS
    labels="yolo",
    classes=["person", "bicycle", "car"],
    split="folders",  # train_val, with folders train and val, tests on val
    seed=0,
    infrared_range="dataset",  # what becomes black and white in 16-bit infrared: percentile, image, or [low, high]
    registration=None,  # a file of tools/register_pairs.py, if the two cameras see differently
    labels_from="visible",  # with a registration: on which images labels were drawn, visible or infrared
    folds=0,  # K: cut all pairs into K folds, each tested by networks trained on the others
    groups="",  # finds in an image's name what must stay together, such as r"drive\d+"; "": runs of consecutive images
    interventions=0.0,  # share of the training images, of all rows alike, made of pairs with holes or a black camera
)
