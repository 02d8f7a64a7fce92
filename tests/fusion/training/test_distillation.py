import csv

import pytest
import torch

from fusion.errors import InputError
from fusion.training.losses.distillation import distillation_loss
from fusion.training.objective import Objective
from fusion.training.settings import Schedule
from fusion.training.trainer import Trainer


def test_the_loss_is_zero_if_student_and_teacher_agree():
    image = torch.rand(2, 1, 16, 16)
    assert distillation_loss(image, image) == 0


def test_a_constant_shift_costs_its_size_for_the_image_and_for_each_of_three_scales():
    image = torch.rand(2, 1, 16, 16) * 0.5
    assert distillation_loss(image + 0.25, image).item() == pytest.approx(0.25 * 4)


def test_an_edge_that_is_missing_costs_more_than_its_grey_levels():
    teacher_output = torch.zeros(1, 1, 17, 17)
    teacher_output[..., 8:] = 0.5
    grey = distillation_loss(torch.zeros_like(teacher_output), torch.zeros_like(teacher_output) + teacher_output.mean())
    assert distillation_loss(torch.zeros_like(teacher_output), teacher_output) > 1.5 * grey


def test_stripes_that_are_blurred_away_cost_their_grey_levels_gradients_and_activity():
    teacher_output = torch.zeros(1, 1, 16, 16)
    teacher_output[..., ::2] = 1.0  # uniformly grey at half the size
    levels, gradients, activity = 0.5, 4.0, 8.0
    assert distillation_loss(torch.full_like(teacher_output, 0.5), teacher_output).item() == pytest.approx(
        levels + gradients + activity
    )


@pytest.mark.slow
def test_a_student_learns_to_reproduce_its_teacher(tmp_path, make_pairs):
    pairs = make_pairs(count=7, height=34, width=38)
    schedule = Schedule(epochs=15, batch_size=2, crop=32, learning_rate=1e-2, validation=0.2)
    objective = Objective(ablation="no_interventions")
    trainer = Trainer(pairs, {"channels": 4, "shrink": 2}, objective, schedule, "cpu", teacher="average")
    trainer.run(tmp_path)
    with (tmp_path / "log.csv").open() as log:
        losses = [float(row["validation_fusion"]) for row in csv.DictReader(log)]
    assert min(losses) < 0.8 * losses[0]
    assert trainer.facts()["teacher"] == "average"


def test_crops_that_the_downsample_factor_does_not_divide_are_refused(make_pairs):
    with pytest.raises(InputError, match=r"crop=33: not divisible by network\.shrink=2"):
        Trainer(make_pairs(count=2, height=34, width=38), {"shrink": 2}, schedule=Schedule(crop=33))
