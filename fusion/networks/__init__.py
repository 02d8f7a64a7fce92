"""The fusion network: torch modules that are independent of training, fusers and configs.

- isfuse: `ISFuse` with its encoder and decoder; integrator: the cross-attention between the modalities.
- settings: which settings a network can have, checked without importing torch (`require_network`).
- checkpoints: read and write networks (`save_network`, `load_network`); the authors' checkpoint (`load_reference`).
- folding: the inference form, without BatchNorm (`fold_batchnorm`) and gates (`FusedOnly`).
- tiled_fusion: fuse large images tile by tile (`fuse_in_tiles`); tiles: windows, pooling and upsampling of parts.

Other rooms use what `__init__.pyi` lists.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
