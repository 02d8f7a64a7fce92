"""Images of four channels, red, green, blue and infrared: what a network sees that fuses inside ("early" fusion).

They are TIFFs of four grey pages, which ultralytics stacks to channels in this order. Importing this module does not
import OpenCV: planning a run needs `SUFFIX`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError
from fusion.storage import write_bytes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from fusion.images import EncodedImage, Pair

CHANNELS = 4
SUFFIX = ".tiff"
_LZW = 5  # lossless


def write_four_channels(path: Path, pair: Pair) -> None:
    """Write the 8-bit levels of both images of a pair, atomically.

    Args:
        path: ends in `SUFFIX`.
        pair: its images are read as for fusing, so the planes have the levels of the rows visible and infrared.

    Raises:
        InputError: an image cannot be read, the sizes differ, or the file cannot be written.
    """
    import cv2
    import numpy as np

    planes = stack_channels(*pair.read_encoded())
    pages = [np.ascontiguousarray(planes[..., channel]) for channel in range(CHANNELS)]
    _, encoded = cv2.imencodemulti(SUFFIX, pages, [cv2.IMWRITE_TIFF_COMPRESSION, _LZW])
    write_bytes(path, encoded.data)


def stack_channels(infrared: Tensor, visible: EncodedImage) -> npt.NDArray[np.uint8]:
    """Stack a pair, as `Pair.read_encoded` returns it, to (H, W, 4) uint8: red, green, blue, infrared."""
    import numpy as np

    from fusion.images import to_bytes

    return np.concatenate([to_bytes(visible.rgb()), to_bytes(infrared)], axis=2)


def read_four_channels(path: Path) -> npt.NDArray[np.uint8]:
    """Read a file of `write_four_channels` as (H, W, 4) uint8: red, green, blue, infrared.

    Raises:
        InputError: the file is missing or something else.
    """
    import cv2
    import numpy as np

    from fusion.images import read_raw

    raw = read_raw(path)
    _, pages = cv2.imdecodemulti(raw, cv2.IMREAD_UNCHANGED) if raw.size else (False, ())
    if len(pages) != CHANNELS or any(page.shape != pages[0].shape or page.ndim != 2 for page in pages):
        raise InputError(f"{path}: not an image of four channels (found {len(pages)} pages, expected {CHANNELS})")
    return np.stack(pages, axis=2)
