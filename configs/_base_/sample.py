# The built-in sample, used if no data is given and none is found: small enough for two CPU cores.
sample = dict(
    train=120,
    test=40,
    layout="m3fd",
    settings={
        "data.labels": "voc",
        "data.classes": ["People", "Car", "Bus", "Motorcycle", "Lamp", "Truck"],
        "training.schedule.epochs": 6,
        "training.schedule.batch_size": 8,
        "training.schedule.crop": 64,
        "training.schedule.learning_rate": 2e-3,
        "detector.model": "yolov8n.yaml",
        "detector.epochs": 12,
        "detector.image_size": 224,
        "detector.batch_size": 8,
        "detector.optimizer": "AdamW",
        "detector.learning_rate": 0.002,
        "detector.workers": 0,
        "detector.extra": {"mosaic": 0.0, "warmup_epochs": 1.0, "nbs": 8},
    },
)
