# The segmenter: one setting for all fusers.
segmenter = dict(
    model="DeepLabV3Plus",
    encoder="resnet34",
    encoder_weights=None,  # "imagenet" (downloaded), a .safetensors file; None starts from random weights
    epochs=100,
    batch_size=8,
    crop=384,
    learning_rate=1e-3,
    weight_decay=0.01,
    normalisation="fused",  # mean and deviation of the fused training images, or of "imagenet"
    workers=4,
)
