"""The recipe `isfuse_paper` against what the paper and the released code do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fusion.networks.isfuse import ISFuse
from fusion.training.batches import draw_masks
from fusion.training.settings import LossWeights, Schedule
from pipelines.config import load_training
from pipelines.settings import TrainingSettings, resolve_training


@pytest.fixture
def recipe() -> TrainingSettings:
    return resolve_training(load_training("isfuse_paper"))


def test_network_losses_and_schedule_are_the_papers_with_the_signs_of_the_released_code(
    recipe: TrainingSettings,
) -> None:
    network = {"shared_encoder": True, "gate": "channel", "channels": 32, "shrink": 1, "blend": False, "planes": 1}
    assert dict(recipe.network) == network
    assert recipe.objective.weights == LossWeights(
        form="paper",
        information=0.0,
        edges=1.0,
        invariance=0.1,
        necessity=0.05,
        gate_target=0.3,
        entropy_sign=-1.0,
        necessity_sign=1.0,
    )
    assert recipe.objective.ablation == "full"
    assert (recipe.teacher, recipe.start) == (None, None)
    assert recipe.schedule == Schedule(
        epochs=50, batch_size=16, crop=256, learning_rate=1e-4, decay="constant", interventions_from=0.0
    )


def test_every_pass_of_a_step_feeds_the_statistics_of_batchnorm(recipe: TrainingSettings) -> None:
    network, seen = ISFuse(**{**recipe.network, "channels": 4}).train(), []
    layer = next(module for module in network.decoders.modules() if isinstance(module, nn.BatchNorm2d))
    layer.register_forward_pre_hook(lambda layer, _: seen.append(layer.momentum))
    infrared, visible = torch.rand(2, 2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    recipe.objective.terms(network, infrared, visible, *draw_masks(2, 32, torch.Generator().manual_seed(0)))
    assert seen == [0.1] * 5  # standard, complementary, random, without visible, without infrared
