"""Train a segmentation network on fused images, predict label masks, and score them by IoU.

Light modules, without torch or segmentation_models_pytorch at import:
    settings: the architecture and its schedule.
    score: confusion matrix, IoU, and bootstrap mIoU from the confusion matrices of single images.
    external: import masks that other code has predicted.
    labelled_images: an image with its mask; a cache of both.

Heavy modules:
    segmenter: everything that needs segmentation_models_pytorch: build a network, check its names.
    training: the training loop, and resuming it.
    steps: one training step with its loss, one validation.
    crops, normalisation: augmented mini-batches; mean and standard deviation of the training images.
    state: what a checkpoint contains.
    prediction: predict masks with trained weights.

`__init__.pyi` lists what other rooms may import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
