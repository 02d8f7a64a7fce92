from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Tiny images gain nothing from several threads, and threads that wait for a busy processor lose. torch reads this once.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).resolve().parent.parent

from fusion.images import Pair, match_pairs  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # else pytest-xdist begins with the files that have the most tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, so that no worker is left with a long one when all others are done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared() -> Path:
    if "STABLEFUSE_SHARED" not in os.environ:
        pytest.skip("STABLEFUSE_SHARED is not set")
    return Path(os.environ["STABLEFUSE_SHARED"])


@pytest.fixture
def make_pairs(tmp_path: Path) -> Callable[..., list[Pair]]:
    """Write pairs of smooth random 8-bit images, infrared grey and visible in colour, to tmp_path/{ir,vi}."""

    def make(count: int = 4, height: int = 40, width: int = 48) -> list[Pair]:
        rng = np.random.default_rng(0)
        for index in range(count):
            write_png(tmp_path / "ir" / f"{index:02}.png", smooth(rng, height, width, 1))
            write_png(tmp_path / "vi" / f"{index:02}.png", smooth(rng, height, width, 3))
        return match_pairs(tmp_path / "ir", tmp_path / "vi")

    return make


def smooth(rng: np.random.Generator, height: int, width: int, channels: int) -> npt.NDArray[np.uint8]:
    noise = cv2.GaussianBlur(rng.random((height, width, channels)), (0, 0), 2).reshape(height, width, channels)
    low, high = noise.min(), noise.max()
    return np.uint8(np.round((noise - low) / (high - low) * 255))


def write_png(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


@pytest.fixture
def subprocess_environment() -> dict[str, str]:
    """Let a child process import the packages of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}
