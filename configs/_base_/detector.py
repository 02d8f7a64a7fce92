# The detector, with the same settings for all fusers.
detector = dict(
    model="yolov8s.yaml",
    weights=None,  # a .safetensors or .pt file; None for random initialisation
    epochs=300,
    image_size=640,
    batch_size=16,
    optimizer="SGD",
    learning_rate=0.01,
    workers=2,
    precision="auto",  # "float32", "bfloat16", "float16"; "auto" is the fastest that the device has
    albumentations=False,  # whether its transforms are applied, too, which needs the package
    extra=dict(),  # further training arguments of ultralytics
)
