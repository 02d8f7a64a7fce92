# The M3FD data set: 4200 pairs, six classes, VOC labels, no official split.
data = dict(
    name="M3FD",
    source="github.com/JinyuanLiu-CV/TarDAL, M3FD_Detection.zip",  # download
    root=None,  # None: data/M3FD
    labels="voc",
    classes=["People", "Car", "Bus", "Motorcycle", "Lamp", "Truck"],
    split="scene_blocks",  # scene_runs, interleaved, random_7030, random, or a folder with train.txt and test.txt
    seed=0,  # of the split "random"
    infrared_range="dataset",  # what becomes black and white in 16-bit infrared: percentile, image, or [low, high]
    registration=None,  # a file of tools/register_pairs.py, if the two cameras see differently
    labels_from="visible",  # with a registration: on which images labels were drawn, visible or infrared
    folds=0,  # K: cut all pairs into K folds, each tested by networks trained on the others
    groups="",  # finds in an image's name what must stay together, such as r"drive\d+"; "": runs of consecutive images
    interventions=0.0,  # share of the training images, of all rows alike, made of pairs with holes or a black camera
)
