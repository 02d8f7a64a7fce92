# The MSRS data set with label masks: train and test folders, nine classes, background first.
data = dict(
    name="MSRS",
    source="github.com/Linfeng-Tang/MSRS (about 670 MB)",  # where to get it
    root=None,  # None: data/MSRS
    masks="",  # name of the folder of masks; "" finds Segmentation_labels, masks, segmentation
    classes=["background", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump"],
    split="folders",
    seed=0,
)
