"""Fusion methods: their contract, how they are looked up and built, and the methods themselves.

Looking up (no torch):
    fuser: the contract `Fuser`.
    catalogue: the fusers of the project, by name.
    plugins: fusers from a user's Python file or an installed package.
    registry: `list_fusers`, `build_fuser`, `require_options`, `fuser_files`.

Methods:
    classical, wavelet, guided, diffusion, two_scale, gradient_transfer: without training; `per_image` and `pyramid`
        are what several of them share.
    false_colour: planes of both cameras as a colour image.
    learned: the networks of the project and their weight files.
    onnx: any network in an ONNX or OpenVINO file.
Applying:
    pair, folder: fuse one pair or a folder of pairs, in colour.
    external: import images that other code has fused.
    contract: check a fuser against the contract, and its output at every call (`fuse_checked`).

Other rooms import the names in `__init__.pyi` from here; each is loaded on first use. They build fusers by name and
call `fuse_checked`, `fuse_pair` or `fuse_folder`; the classes of the methods stay inside.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
