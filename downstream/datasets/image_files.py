"""Open an image file, or say that it is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from fusion.errors import InputError


@contextmanager
def opened_image(path: Path, kind: str) -> Iterator[Image.Image]:
    """Open `path` for what is done with it inside the `with` block, which may decode its pixels.

    Args:
        path: the file.
        kind: what it should be, for the message.

    Raises:
        InputError: the file is missing or no image.
    """
    try:
        with Image.open(path) as image:
            yield image
    except ImportError as error:  # once ultralytics is imported, PIL looks for its HEIF plugin before it gives up
        raise InputError(f"{path}: cannot be decoded as {kind}") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be decoded as {kind} ({error})") from error
