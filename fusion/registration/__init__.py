"""Registration of a rig: one transform for two fixed cameras that differ in size, lens and position.

Files:
    geometry: transforms of points, outlines of images.
    transform: the transform, its JSON file and its checks.
    json_values: which values that file holds.
    frame: which part of the visible image the infrared camera covers.
    warping: bring images into that part.
    reducing: average images down.
    rig, levels, structure: pairs of images, reduced to the edges that both cameras share.
    search, alignment, estimate: find the transform from many pairs.
    points: find it from marked points.
    misalignment: how far pairs that are taken for registered are from it.
    picture: what a registration does, before and after.

`__init__.pyi` lists what other rooms may import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
