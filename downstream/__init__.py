"""Measure how well a detector or a segmenter works on fused images.

Rooms:
    datasets: image pairs with boxes or masks, and their train, val and test splits.
    detection: train a YOLO on fused images, predict, and score by the COCO protocol.
    segmentation: train a segmentation network on fused images, predict, and score by IoU.

Used by both tasks, which do not import each other:
    scores: the record of one score.
    conditions: under what a training runs that its settings leave open, such as its precision.
    start_weights: read pretrained weights without running code from the file; inflate them to four channels.
    four_channels: images of four channels, red, green, blue and infrared.
"""
