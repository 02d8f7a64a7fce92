"""The largest image that is read. Does not import OpenCV, which reads the limit when it is loaded."""

import os

_VARIABLE = "OPENCV_IO_MAX_IMAGE_PIXELS"
_LARGEST = 2**28  # pixels, 16384 x 16384


def limit_images() -> None:
    """Let OpenCV refuse larger images by their headers, before it takes memory; a limit of the user's is left alone."""
    os.environ.setdefault(_VARIABLE, str(_LARGEST))


def largest_image() -> str:
    """Return the number of pixels that an image may have, and how to change it."""
    return f"{os.environ[_VARIABLE]}, by {_VARIABLE} in the environment"
