# The MSRS data set for segmentation: train and test folders, label masks of nine classes, background first.
data = dict(
    name="MSRS",
    source="github.com/Linfeng-Tang/MSRS (about 670 MB)",  # download
    root=None,  # None: data/MSRS
    masks="",  # name of the mask folder; "" looks for Segmentation_labels, masks, segmentation
    mask_values=[],  # the grey level of every class in the masks, such as [0, 255]; [] if it is its number
    classes=["background", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump"],
    split="folders",
    seed=0,
    infrared_range="dataset",  # what becomes black and white in 16-bit infrared: percentile, image, or [low, high]
    registration=None,  # a file of tools/register_pairs.py, if the two cameras see differently
    labels_from="visible",  # with a registration: on which images labels were drawn, visible or infrared
    folds=0,  # K: cut all pairs into K folds, each tested by networks trained on the others
    groups="",  # finds in an image's name what must stay together, such as r"drive\d+"; "": runs of consecutive images
    interventions=0.0,  # share of the training images, of all rows alike, made of pairs with holes or a black camera
)
