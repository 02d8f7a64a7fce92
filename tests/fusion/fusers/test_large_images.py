"""The memory that a folder of large images needs: it does not grow with the features, and pairs are read one by one."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fusion import fuse_folder, match_pairs
from fusion.fusers.folder import LARGE
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse

TOOL = Path(__file__).parents[3] / "tools" / "fuse_images.py"
MOST_KB = """
import runpy, sys
from pathlib import Path
def most_kb():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
import pipelines.config, fusion.devices, fusion.fusers.folder, fusion.networks.checkpoints
before = most_kb()
tool, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(tool, run_name="__main__")
finally:
    print(before, most_kb())
"""


def write_flat_pairs(folder, height, width, levels):
    for side in ("ir", "vi"):
        (folder / side).mkdir(exist_ok=True)
        for index, level in enumerate(levels):
            assert cv2.imwrite(str(folder / side / f"{index}.png"), np.full((height, width), level, np.uint8))
    return match_pairs(folder / "ir", folder / "vi")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the memory figures of Linux")
def test_a_large_image_is_fused_in_a_fraction_of_the_memory_of_its_features(tmp_path, subprocess_environment):
    torch.manual_seed(0)
    save_network(tmp_path / "weights.safetensors", ISFuse(channels=4).eval(), {"channels": 4}, {})
    write_flat_pairs(tmp_path, 1500, 2000, [100])
    folders = ("--infrared", "ir", "--visible", "vi", "--out", "out")
    command = [sys.executable, "-c", MOST_KB, str(TOOL), *folders, "--fuser", "isfuse", "--weights"]
    done = subprocess.run(
        [*command, "weights.safetensors", "device=cpu"],
        cwd=tmp_path,
        env=subprocess_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, most = map(int, done.stdout.split()[-2:])
    assert cv2.imread(str(tmp_path / "out" / "0.png")).shape == (1500, 2000, 3)
    assert most - before < 500_000  # kB; without tiles, the logits of the finest scale alone need 768 MB


class SwapsTheNextImage:
    """Replaces the image of the second pair while the first one is fused."""

    learned, colour = False, True

    def __init__(self, path):
        self._path = path

    def fuse(self, infrared, visible):
        assert cv2.imwrite(str(self._path), np.full(visible.shape[2:], 200, np.uint8))
        return visible


def test_a_large_pair_is_not_read_while_another_one_is_in_memory(tmp_path):
    pairs = write_flat_pairs(tmp_path, 4100, 4100, [10, 20])
    assert LARGE < 4100 * 4100
    fuse_folder(SwapsTheNextImage(pairs[1].visible), pairs, tmp_path / "out", {})
    fused = [cv2.imread(str(tmp_path / "out" / f"{index}.png"))[0, 0, 0] for index in range(2)]
    assert fused == [10, 200]
