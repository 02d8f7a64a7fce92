"""The largest image that is read. Does not import OpenCV, which reads the limit when it is loaded."""

import os

LARGEST_IMAGE = 2**28  # pixels, 16384 x 16384


def limit_images() -> None:
    """Let OpenCV refuse larger images by their headers, before it takes memory; a limit of the user's is left alone."""
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST_IMAGE))
