"""Fuse infrared and visible images; usable without the rest of StableFuse.

Example:
    >>> from fusion import build_fuser, fuse_pair, read_infrared, read_visible
    >>> fused = fuse_pair(build_fuser("laplacian"), read_infrared(infrared_path), read_visible(visible_path))
"""

from fusion.errors import InputError
from fusion.fusers import (  # noqa: F401  # fills the registry
    classical,
    diffusion,
    gradient_transfer,
    guided,
    learned,
    onnx,
    two_scale,
    wavelet,
)
from fusion.fusers.folder import fuse_folder
from fusion.fusers.fuser import Fuser, fuse_pair
from fusion.fusers.registry import build_fuser, list_fusers
from fusion.images.images import read_infrared, read_visible, write_image
from fusion.images.pairs import Pair, match_pairs
from fusion.scoring.score import score_folder
from fusion.video.fuse import fuse_video

__all__ = [
    "Fuser",
    "InputError",
    "Pair",
    "build_fuser",
    "fuse_folder",
    "fuse_pair",
    "fuse_video",
    "list_fusers",
    "match_pairs",
    "read_infrared",
    "read_visible",
    "score_folder",
    "write_image",
]
