"""Data sets with labels: image pairs, boxes or masks, and the train, val and test splits.

Start here:
    detection_data: read a detection data set into one frozen record; save and load it as JSON.
    segmentation_data: the same for label masks.

Their parts:
    folders: find the image, label and split folders below a data folder, and divide its pairs into splits.
    splitting: random splits, the published ones in `splits/`, lists of a user; leakage between neighbouring frames.
    groups, folds: images that look alike, and folds in which every pair is tested once.
    boxes: the record of one object; clip boxes to their image.
    voc, yolo_txt, coco: read one label format each (`yolo_txt` also writes).
    labels: read the boxes of a folder in any of these formats; `READERS` lists those with one file per image.
    label_transform: bring boxes and masks into the frame of a registration.
    palettes, masks: which classes colours stand for; read and write label masks.
    image_files: open images, read sizes from headers.
    plausibility: signs of images and labels that were meant otherwise.
    alignment: whether infrared and visible lie over each other.
    inspection: read everything in a folder and collect all faults, for `tools/check_data.py`.

`__init__.pyi` lists what other rooms may import. Importing a name loads neither torch nor OpenCV nor PIL.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
