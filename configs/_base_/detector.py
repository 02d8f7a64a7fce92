# The detector: one setting for all fusers.
detector = dict(
    model="yolov8s.yaml",
    weights=None,  # a .safetensors or .pt file; None starts from random weights
    epochs=300,
    image_size=640,
    batch_size=16,
    optimizer="SGD",
    learning_rate=0.01,
    workers=2,
    extra=dict(),  # further arguments of ultralytics' trainer
)
