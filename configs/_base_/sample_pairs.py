# The built-in sample for pipelines without a detector: like sample.py, with a schedule for two CPU cores.
sample = dict(
    train=120,
    test=40,
    layout="m3fd",
    settings={
        "training.schedule.epochs": 6,
        "training.schedule.batch_size": 8,
        "training.schedule.crop": 64,
        "training.schedule.learning_rate": 2e-3,
    },
)
