"""Image files, their colours, and pairs of them.

Inside:
    stems: find files by name (`images_by_stem`, `files_by_stem`); does not import torch.
    pairs: the pairs of two folders (`Pair`, `match_pairs`); does not import torch.
    windows: where a crop was cut (`CropWindow`); does not import torch.
    tiff, decoding: image files as the numbers they hold, upright and without alpha; do not import torch.
    options: the options of tools that decide how pairs are read (`add_reading_options`); does not import torch.
    ranges: which infrared levels become black and white (`with_infrared_range`); does not import torch.
    io: read and write image files as tensors (`read_infrared`, `read_visible`, `write_image`, `EncodedImage`).
    colour: luma and chroma, float tensors and 8-bit levels (`luma`, `with_chroma_of`, `to_bytes`, `to_bgr`).

Other rooms import the names in `__init__.pyi` from here; each is loaded on first use.

Conventions: tensors are float32 in [0, 1], channels first, RGB. NumPy arrays are uint8 levels, channels last.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
