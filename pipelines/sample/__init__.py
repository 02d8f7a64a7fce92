"""The built-in sample: generated street scenes that an infrared camera and a visible camera see differently.

Every labelled object is shown by both cameras or by one of them only, so the sample has a known answer to the question
which fused image lets a detector or segmenter find it.

What a scene is:
    scene: data classes (camera, objects, buildings, trees); positions in metres.
    streets: the object classes of the M3FD and MSRS streets, with sizes, positions, colours and visibility.
    generation: random scenes, in which no object hides another.
How it is drawn:
    faces, solids: flat faces and extruded solids, projected to pixels.
    people, vehicles, road: the shapes of the object classes.
    objects: the appearance of each class, and the faces and label box of an object.
    backdrop: ground, buildings and trees.
    render, cameras: the two images of a scene, with light, haze, texture and noise.
How it is written:
    layouts: a data set in the folder layout of M3FD or MSRS.
    marks: how reports mark results on the sample.

Other rooms use `write_sample`, `sample_split`, `ONLY_SHOWN_BY` (the MSRS classes that only one camera shows),
`SAMPLE_MARK` and `SAMPLE_NOTE`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
