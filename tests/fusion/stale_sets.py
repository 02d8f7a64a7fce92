"""Two data sets of equal stems, the second of which is older than anything made from the first."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from fusion.images import Pair, match_pairs


def write_sets(folder: Path, count: int = 3, side: int = 48) -> tuple[list[Pair], list[Pair]]:
    """Write folder/{setA,setB}/{ir,vi} and return the pairs of both."""
    for seed, name in enumerate(("setA", "setB")):
        random = np.random.default_rng(seed)
        for camera in ("ir", "vi"):
            (folder / name / camera).mkdir(parents=True)
            for index in range(count):
                path = folder / name / camera / f"{index:03}.png"
                cv2.imwrite(str(path), random.integers(0, 256, (side, side), np.uint8))
                os.utime(path, (10**9, 10**9))
    first, second = (match_pairs(folder / name / "ir", folder / name / "vi") for name in ("setA", "setB"))
    return first, second
