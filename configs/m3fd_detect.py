# Detection on M3FD: which fusion of infrared and visible images helps YOLO most?
#
# Needs:    M3FD in data/M3FD (folders Vis, Ir, Annotation). Without data it runs on the built-in sample.
# Command:  python tools/run_pipeline.py m3fd_detect --data DIR detector.weights=yolov8s.pt
# Override: data.split=random detector.epochs=100 seeds=0,1,2
# Takes:    a few minutes for the sample on two cores; days of GPU time for the full data set and the papers' schedule.
_base_ = [
    "_base_/m3fd.py",
    "_base_/task_fusers.py",
    "_base_/detector.py",
    "_base_/comparison.py",
    "_base_/run.py",
    "_base_/sample.py",
]
task = "detection"
on_request = dict(isfuse_task=dict(task="detection", start="isfuse-lite"))
