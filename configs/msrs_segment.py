# Segmentation on MSRS: which fusion of infrared and visible images helps a segmentation network most?
#
# Needs:    MSRS in data/MSRS (train and test, each with vi, ir and Segmentation_labels). Without data it runs on the
#           sample.
# Command:  python tools/run_pipeline.py msrs_segment --data DIR segmenter.encoder_weights=imagenet
# Override: segmenter.model=Unet segmenter.encoder=resnet18 segmenter.epochs=50 seeds=0,1,2
# Takes:    a few minutes for the sample on two cores; hours of GPU time for the full data set.
_base_ = [
    "_base_/msrs_masks.py",
    "_base_/task_fusers.py",
    "_base_/segmenter.py",
    "_base_/comparison.py",
    "_base_/run.py",
    "_base_/sample_masks.py",
]
task = "segmentation"
# Trained here, because the shipped weights were trained on images of the official test set.
fuser_options = dict(isfuse=dict(weights="train"))
on_request = dict(isfuse_task=dict(task="segmentation"))
