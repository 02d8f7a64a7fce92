"""Fuse infrared and visible images; usable without the rest of StableFuse.

Example:
    >>> from fusion import build_fuser, fuse_pair, read_infrared, read_visible
    >>> fused = fuse_pair(build_fuser("laplacian"), read_infrared(infrared_path), read_visible(visible_path))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
