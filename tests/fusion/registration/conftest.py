"""Generated scenes that fit exactly, seen by both cameras, and rigs that see them differently."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from fusion.images import luma, match_pairs, read_visible
from fusion.registration import Grey
from fusion.registration.geometry import Matrix, Size, scaling
from pipelines.sample import write_sample

Named = list[tuple[str, Grey, Grey]]
SIZE = (320, 240)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Named:
    """Six pairs of 320x240: name, infrared, visible."""
    root = tmp_path_factory.mktemp("scenes")
    write_sample(root, 6, 0, seed=5, size=SIZE)
    return [
        (pair.stem, pair.read_infrared()[0].numpy(), luma(read_visible(pair.visible))[0].numpy())
        for pair in match_pairs(root / "Ir", root / "Vis")
    ]


@pytest.fixture(scope="session")
def seen_through() -> Callable[[Named, Matrix, Size], Named]:
    """Return a function that shows the infrared images as another camera sees them."""

    def see(scenes: Named, matrix: Matrix, size: Size) -> Named:
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REPLICATE
        coarser = scenes[0][1].shape[1] / size[0]
        found = []
        for name, infrared, visible in scenes:
            smooth = cv2.GaussianBlur(infrared, (0, 0), 0.45 * coarser) if coarser > 1 else infrared
            found.append((name, cv2.warpPerspective(smooth, matrix, size, flags=flags, borderMode=border), visible))
        return found

    return see


def rig_matrix(scale: float, angle_deg: float, shift: tuple[float, float], infrared_size: Size) -> Matrix:
    """Return a rig whose infrared image is scaled, turned about the centre of the visible one, and shifted."""
    centre, back, turned = np.eye(3), np.eye(3), np.eye(3)
    centre[:2, 2] = (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2
    back[:2, 2] = -centre[:2, 2] + shift
    angle = np.deg2rad(angle_deg)
    turned[:2, :2] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return centre @ turned @ back @ scaling(SIZE[0] / infrared_size[0], SIZE[1] / infrared_size[1])
