"""Fuse infrared and visible images; usable without the rest of StableFuse.

The names in `__init__.pyi` are the public API; each is loaded on first use, so that importing this package is cheap.

Rooms, from low to high; a room imports only from those before it:
    storage: write files atomically, hash files, save tensors.
    registration: one transform for two cameras that see differently.
    images: image files, colours, pairs.
    stress: pairs under conditions, such as noise or a camera that fails.
    metrics: quality metrics of fused images.
    networks: the fusion network and its checkpoints.
    engines: run ONNX and OpenVINO files.
    fusers: fusion methods, and how to build and apply them.
    scoring: score folders of fused images.
    training: train the fusion network.
    export: export a fuser to ONNX, OpenVINO or TorchScript.
    video: fuse videos and cameras.
Files beside them: errors, command_line, cores, devices, limits, seeds, interrupts, markdown, user_code and
interventions, which every room may import; effects, how stable fusers are under interventions; `__main__`, the command
`python -m fusion`.

Example:
    >>> import torch
    >>> from fusion import build_fuser, fuse_pair
    >>> infrared, visible = torch.rand(1, 32, 48), torch.rand(3, 32, 48)  # or read_infrared(path), read_visible(path)
    >>> fuse_pair(build_fuser("laplacian"), infrared, visible).shape
    torch.Size([3, 32, 48])
"""

import lazy_loader

from fusion.cores import share_processors
from fusion.limits import limit_images

share_processors()  # before anything loads torch
limit_images()  # before anything loads OpenCV

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
