"""Open image files and read their sizes from the header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError, one_line

if TYPE_CHECKING:
    from PIL import Image

    from fusion.images import Pair

_ORIENTATION = 0x0112  # the EXIF tag
_TURNED = (5, 6, 7, 8)  # orientations that exchange width and height


@contextmanager
def open_image(path: Path, kind: str) -> Iterator[Image.Image]:
    """Open an image for the `with` block, which may decode its pixels.

    Args:
        path: the file.
        kind: what the file should be, such as "an image", for the error message.

    Raises:
        InputError: the file is missing, or cannot be decoded as an image.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            yield image
    except ImportError as error:  # ultralytics patches PIL to look for a HEIF plug-in before it gives up
        raise InputError(f"{path}: cannot be decoded as {kind}") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be decoded as {kind} ({one_line(error)})") from error


def image_size(path: Path) -> tuple[int, int]:
    """Read width and height of an upright image in pixels from its header, without decoding the pixels.

    Raises:
        InputError: the file is missing or not an image.
    """
    with open_image(path, "an image") as image:
        width, height = image.size
        return (height, width) if _orientation(image) in _TURNED else (width, height)


def upright(image: Image.Image) -> Image.Image:
    """Turn an open image as its EXIF orientation says; PIL turns TIFFs by itself."""
    from PIL import Image

    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation, 1 to 8; 1, upright, if there is none, or if PIL has applied it, as to TIFFs."""
    from PIL import Image

    exif = Image.Exif()
    with suppress(Exception):  # damaged EXIF data raises many kinds of errors, and OpenCV ignores it
        exif.load(image.info.get("exif", b"") if image.format != "TIFF" else b"")
        return int(exif.get(_ORIENTATION, 1))
    return 1


def pair_size(pair: Pair) -> tuple[int, int]:
    """Read the width and height in pixels that a pair is read with from the headers of its images.

    Raises:
        InputError: a file is missing or not an image, or `Pair.registered_size` refuses the two sizes.
    """
    return pair.registered_size(image_size(pair.infrared), image_size(pair.visible))
