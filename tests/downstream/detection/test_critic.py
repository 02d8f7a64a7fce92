"""A YOLO as the critic of a fusion network, on images whose objects anyone can see."""

from pathlib import Path

import pytest
import torch

from downstream.datasets.boxes import Box
from downstream.datasets.detection_data import LabelledPair
from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError
from fusion.images.pairs import Pair
from fusion.images.windows import CropWindow
from tests.downstream.detection.tiny_trainings import CLASSES, SMALL

SIDE = 64


@pytest.fixture
def critic_of(yolo):
    from downstream.detection.critic import DetectionCritic

    return lambda items, **changes: DetectionCritic(items, CLASSES, DetectorSettings(**{**SMALL, **changes}), 1e-3, 0)


def item(number, *boxes):
    pair = Pair(str(number), Path(f"{number}.png"), Path(f"{number}.png"))
    return LabelledPair(pair, SIDE, SIDE, "train", boxes)


def scene(left, top, size=24):
    """Return a grey image with a white square, and its box."""
    image = torch.full((3, SIDE, SIDE), 0.3)
    image[:, top : top + size, left : left + size] = 1.0
    return image, Box("Car", (left, top, left + size, top + size))


@pytest.mark.slow
def test_it_learns_to_find_what_is_labelled_and_its_score_says_so(critic_of):
    scenes = [scene(left, top) for left, top in ((4, 6), (30, 8), (8, 34), (34, 30), (20, 20), (12, 26))]
    critic = critic_of([item(number, box) for number, (_, box) in enumerate(scenes)])
    images = torch.stack([image for image, _ in scenes]).requires_grad_()
    windows = [CropWindow(number, 0, 0, SIDE, False) for number in range(len(scenes))]
    before = critic.score(enumerate(images.detach()))
    optimizer = torch.optim.AdamW(critic.network.parameters(), 1e-2)
    losses = []
    for _ in range(400):
        critic.network.train()
        loss = critic.loss(images, windows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert images.grad.abs().max() > 0
    assert losses[-1] < 0.75 * losses[0]
    assert before < 0.3
    assert critic.score(enumerate(images.detach())) > 0.8


def test_a_mirrored_crop_has_the_loss_of_the_mirrored_scene(critic_of):
    image, box = scene(6, 10)
    mirrored, its_box = scene(SIDE - 6 - 24, 10)
    assert torch.equal(image.flip(2), mirrored)
    critic = critic_of([item(0, box), item(1, its_box)])
    critic.network.eval()
    a, b, other = (
        float(critic.loss(mirrored[None], [CropWindow(pair, 0, 0, SIDE, flipped)]))
        for pair, flipped in ((0, True), (1, False), (0, False))
    )
    assert a == b
    assert a != other


def test_a_crop_without_objects_has_a_loss(critic_of):
    critic = critic_of([item(0)])
    assert critic.loss(torch.rand(1, 3, SIDE, SIDE), [CropWindow(0, 0, 0, SIDE, False)]).isfinite()
    assert critic.score(iter([(0, torch.rand(3, SIDE, SIDE))])) == 0.0


def test_equal_seeds_build_equal_networks_and_the_facts_name_the_boxes(critic_of):
    first, again = (critic_of([item(0, scene(4, 4)[1])]) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True))
    assert first.facts == again.facts
    assert critic_of([item(0, scene(4, 5)[1])]).facts != first.facts


def test_an_architecture_that_does_not_exist_is_refused(critic_of):
    with pytest.raises(InputError, match=r"^detector 'nonsense\.yaml': "):
        critic_of([item(0)], model="nonsense.yaml")
