"""A segmenter as the critic of a fusion network, on images whose classes anyone can see."""

import cv2
import numpy as np
import pytest
import torch

from downstream.datasets.segmentation_data import MaskedPair
from downstream.segmentation.critic import SegmentationCritic
from downstream.segmentation.settings import SegmenterSettings
from fusion.images.pairs import Pair
from fusion.images.windows import CropWindow

SIDE = 128
CLASSES = ("background", "car")


@pytest.fixture
def scenes(tmp_path):
    """Return images with a white square each, and their masks on disk."""
    images, items = [], []
    for number, left in enumerate((8, 60)):
        image, mask = torch.full((3, SIDE, SIDE), 0.2), np.zeros((SIDE, SIDE), np.uint8)
        image[:, 20:80, left : left + 50], mask[20:80, left : left + 50] = 1.0, 1
        path = tmp_path / f"{number}.png"
        assert cv2.imwrite(str(path), mask)
        items.append(MaskedPair(Pair(path.stem, path, path), SIDE, SIDE, "train", path, (0, 0)))
        images.append(image)
    return images, items


def build(items, seed=0):
    settings = SegmenterSettings(model="Unet", encoder="mobilenet_v2", encoder_weights=None, crop=SIDE)
    return SegmentationCritic(items, CLASSES, settings, 1e-3, seed, lambda note: None)


@pytest.mark.slow
def test_it_learns_the_masks_and_its_score_says_so(scenes):
    images, items = scenes
    critic = build(items)
    fused = torch.stack(images).requires_grad_()
    windows = [CropWindow(number, 0, 0, SIDE, False) for number in range(2)]
    optimizer = torch.optim.AdamW(critic.network.parameters(), 2e-3)
    before = critic.score(enumerate(fused.detach()))
    for _ in range(70):
        critic.network.train()
        optimizer.zero_grad()
        critic.loss(fused, windows).backward()
        optimizer.step()
    assert fused.grad.abs().max() > 0
    assert critic.score(enumerate(fused.detach())) > max(0.8, before)


def test_crops_are_judged_by_their_part_of_the_mask_mirrored_as_they_are(scenes):
    critic = build(scenes[1])
    whole = critic._shown(CropWindow(0, 0, 0, SIDE, False))
    assert np.array_equal(critic._shown(CropWindow(0, 10, 20, 64, False)), whole[10:74, 20:84])
    assert np.array_equal(critic._shown(CropWindow(0, 10, 20, 64, True)), whole[10:74, 20:84][:, ::-1])
    extended = critic._shown(CropWindow(0, 0, 0, SIDE + 32, False))
    assert np.array_equal(extended[:SIDE, :SIDE], whole)
    assert np.array_equal(extended[SIDE:, :SIDE], whole[-2:-34:-1])


def test_equal_seeds_build_equal_networks(scenes):
    first, again, other = (build(scenes[1], seed) for seed in (0, 0, 1))
    weights = [next(critic.network.parameters()) for critic in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert first.facts == again.facts
