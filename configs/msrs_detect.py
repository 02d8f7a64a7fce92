# Detection on MSRS: persons, bicycles and cars by day and night.
#
# Needs:    MSRS in data/MSRS (train and test, each with vi, ir and YOLO labels in labels). Without data it runs on the
#           sample.
# Command:  python tools/run_pipeline.py msrs_detect --data DIR detector.model=yolov5n.yaml detector.weights=FILE
# Override: detector.epochs=10 detector.image_size=416 fusers=average,isfuse
# Takes:    two minutes per training on a recent core, as in pipelines/README.md under "Results" (12 epochs at 320 px);
#           with data.folds=5, a row takes five of them per seed.
_base_ = [
    "_base_/msrs.py",
    "_base_/task_fusers.py",
    "_base_/detector.py",
    "_base_/comparison.py",
    "_base_/run.py",
    "_base_/sample.py",
]
task = "detection"
# Trained here, because the shipped weights were trained on images of the official test set.
fuser_options = dict(isfuse=dict(weights="train"))
on_request = dict(isfuse_task=dict(task="detection"))
