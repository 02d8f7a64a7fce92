# The built-in sample for segmentation: like sample.py, in the layout of MSRS.
sample = dict(
    layout="msrs",
    train=120,
    test=40,
    settings={
        "fuser_options.isfuse.weights": "shipped",
        "data.split": "folders",
        "data.classes": [
            "background",
            "car",
            "person",
            "bike",
            "curve",
            "car_stop",
            "guardrail",
            "color_cone",
            "bump",
        ],
        "training.schedule.epochs": 6,
        "training.schedule.batch_size": 8,
        "training.schedule.crop": 64,
        "training.schedule.learning_rate": 2e-3,
        "segmenter.encoder": "resnet18",
        "segmenter.epochs": 8,
        "segmenter.crop": 160,
        "segmenter.learning_rate": 2e-3,
    },
)
