"""Which levels of infrared images with more than 8 bits become black and white. Importing this module loads no library.

Sensors count in 16 bits or measure in floats, and a scene fills a small part of either. Images of 8 bits have been
brought into their range by the camera: they are divided by 255, whatever the rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fusion.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from fusion.images.pairs import Pair

DATASET, PERCENTILE, IMAGE = "dataset", "percentile", "image"
Range = tuple[float, float]
InfraredRange = str | Range
_OUTLIERS = 0.001  # share of the pixels of an image at either end that do not set the range: dead ones, say
_READERS = 4


def require_range(rule: Any, name: str) -> InfraredRange:
    """Check a rule for infrared levels, and return a list of two levels as a tuple.

    Args:
        rule: "dataset", "percentile", "image", or the two levels that become black and white.
        name: of the setting, for the error message.

    Raises:
        InputError: it is none of these.
    """
    if rule in (DATASET, PERCENTILE, IMAGE):
        return str(rule)
    if isinstance(rule, list | tuple) and len(rule) == 2 and all(type(level) in (int, float) for level in rule):
        low, high = float(rule[0]), float(rule[1])
        if math.isfinite(low) and math.isfinite(high) and low < high:
            return low, high
    expected = f"expected {DATASET}, {PERCENTILE}, {IMAGE}, or [low, high] with low < high"
    raise InputError(f"{name}={rule!r}: no range of infrared levels ({expected})")


def with_infrared_range(pairs: Sequence[Pair], rule: InfraredRange = DATASET) -> list[Pair]:
    """Let all pairs of a data set be read with one rule for infrared levels.

    Args:
        pairs: all pairs of one data set or sequence.
        rule: "dataset": one range for all, from the lowest .1 % quantile of any image to the highest 99.9 % quantile,
            so that equal levels look alike and a dead pixel decides nothing; "percentile": from the .1 % to the 99.9 %
            quantile of each image; "image": from the minimum to the maximum of each image; or two levels.

    Raises:
        InputError: with "dataset", an image of more than 8 bits cannot be decoded.
    """
    if rule != DATASET:
        return [replace(pair, infrared_range=rule) for pair in pairs]
    from tqdm import tqdm

    from fusion.images.decoding import is_deep, read_pixels

    deep = [pair.infrared for pair in pairs if is_deep(pair.infrared)]
    if not deep:
        return list(pairs)
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda path: infrared_limits(read_pixels(path), PERCENTILE), deep)
        limits = list(tqdm(found, total=len(deep), desc="infrared range", unit="image", leave=False, delay=5))
    common = (min(low for low, _ in limits), max(high for _, high in limits))
    return [replace(pair, infrared_range=common) for pair in pairs]


def infrared_limits(pixels: npt.NDArray[Any], rule: InfraredRange) -> Range:
    """Return the levels of an infrared image that become 0 and 1.

    Args:
        pixels: as `read_pixels` returns them; values that are not finite are left out.
        rule: "percentile", "image" or two levels; those of uint8 are 0 and 255 anyway.

    Example:
        >>> import numpy as np
        >>> counts = np.full((50, 50), 7000, np.uint16)
        >>> counts[0, 0], counts[1:] = 65535, 7100
        >>> infrared_limits(counts, "image"), infrared_limits(counts, "percentile")
        ((7000.0, 65535.0), (7000.0, 7100.0))
    """
    import numpy as np

    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if not isinstance(rule, str):
        return rule
    finite = pixels[np.isfinite(pixels)] if np.issubdtype(pixels.dtype, np.floating) else pixels.ravel()
    if not finite.size:
        return 0.0, 0.0
    if rule == IMAGE:
        return float(finite.min()), float(finite.max())
    outliers = int(_OUTLIERS * finite.size)
    ordered = np.partition(finite, (outliers, finite.size - 1 - outliers))
    return float(ordered[outliers]), float(ordered[finite.size - 1 - outliers])
