"""Train a YOLO detector on fused images, predict boxes, and score them by the COCO protocol.

Light modules, without ultralytics, pycocotools or torch at import:
    settings: the architecture and its schedule.
    extra: which further arguments of ultralytics a training honours.
    environment: keep ultralytics inside one folder and off the network; call it before the heavy modules.
    yolo_data: write fused images and labels as the folder a YOLO trains on.
    outputs: the files a detector leaves: weights, training log, predictions.
    matches: which predictions match a ground-truth box; bootstrap mAP from them.
    external: read boxes that other code has predicted.
    merging, calibration: the boxes of several networks as one set; scores as probabilities.

Heavy modules:
    arguments, trainer, yolo: everything that needs ultralytics: check the arguments, resume a training, predict.
    score: everything that needs pycocotools.

`__init__.pyi` lists what other rooms may import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
