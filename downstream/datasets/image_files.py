"""Open image files and read their sizes from the header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError, one_line

if TYPE_CHECKING:
    from PIL import Image

    from fusion.images import Pair


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
    """Read width and height of an image in pixels from its header, without decoding the pixels.

    Raises:
        InputError: the file is missing or not an image.
    """
    with open_image(path, "an image") as image:
        return image.size


def pair_size(pair: Pair) -> tuple[int, int]:
    """Read width and height of a pair in pixels from the headers of its images.

    Raises:
        InputError: a file is missing or not an image, or the two sizes differ.
    """
    infrared, visible = image_size(pair.infrared), image_size(pair.visible)
    if infrared != visible:
        raise InputError(
            f"{pair.infrared}: size differs from {pair.visible} (found {infrared[0]}x{infrared[1]} and "
            f"{visible[0]}x{visible[1]}, expected a registered pair of one size)"
        )
    return infrared
