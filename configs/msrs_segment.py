# Segmentation on MSRS: which fusion of infrared and visible makes a segmentation network see better?
#
# Needs:    MSRS in data/MSRS (train and test, each with vi, ir, Segmentation_labels), or nothing: then the sample.
# Command:  python tools/run_pipeline.py msrs_segment --data DIR segmenter.encoder_weights=imagenet
# Override: segmenter.model=Unet segmenter.encoder=resnet18 segmenter.epochs=50 seeds=0,1,2
# Takes:    a few minutes for the sample on two cores; hours of GPU time for the full set.
_base_ = [
    "_base_/msrs_masks.py",
    "_base_/fusers.py",
    "_base_/segmenter.py",
    "_base_/comparison.py",
    "_base_/run.py",
    "_base_/sample_masks.py",
]
task = "segmentation"
fuser_options = dict(isfuse=dict(weights="train"))  # the shipped weights have seen images of the official test set
