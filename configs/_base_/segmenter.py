# The segmenter, with the same settings for all fusers.
segmenter = dict(
    model="DeepLabV3Plus",
    encoder="resnet34",
    encoder_weights=None,  # "imagenet" (downloaded) or a .safetensors file; None for random initialisation
    epochs=100,
    batch_size=8,
    crop=384,
    learning_rate=1e-3,
    weight_decay=0.01,
    normalisation="fused",  # mean and standard deviation of the fused training images; or "imagenet"
    precision="auto",  # "float32", "bfloat16", "float16"; "auto" is the fastest that the device has
    workers=4,
)
