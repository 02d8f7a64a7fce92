import csv

import pytest
import torch

from fusion.errors import InputError
from fusion.training.losses.distillation import distillation_loss
from fusion.training.objective import Objective
from fusion.training.schedule import Schedule
from fusion.training.trainer import Trainer


def test_nothing_is_lost_where_the_student_makes_what_its_teacher_makes():
    image = torch.rand(2, 1, 16, 16)
    assert distillation_loss(image, image) == 0


def test_a_constant_shift_costs_its_size_once_for_the_image_and_for_each_scale():
    image = torch.rand(2, 1, 16, 16) * 0.5
    assert distillation_loss(image + 0.25, image).item() == pytest.approx(0.25 * 4)


def test_an_edge_that_is_missing_costs_more_than_its_grey_levels():
    taught = torch.zeros(1, 1, 17, 17)
    taught[..., 8:] = 0.5
    grey = distillation_loss(torch.zeros_like(taught), torch.zeros_like(taught) + taught.mean())
    assert distillation_loss(torch.zeros_like(taught), taught) > 1.5 * grey


def test_stripes_that_are_blurred_away_cost_their_grey_levels_gradients_and_activity():
    taught = torch.zeros(1, 1, 16, 16)
    taught[..., ::2] = 1.0  # halved in size it is grey all over
    levels, gradients, activity = 0.5, 4.0, 8.0
    assert distillation_loss(torch.full_like(taught, 0.5), taught).item() == pytest.approx(
        levels + gradients + activity
    )


@pytest.mark.slow
def test_a_student_learns_to_make_what_its_teacher_makes(tmp_path, make_pairs):
    pairs = make_pairs(count=7, height=34, width=38)
    schedule = Schedule(epochs=15, batch_size=2, crop=32, learning_rate=1e-2, validation=0.2)
    objective = Objective(ablation="no_interventions")
    trainer = Trainer(pairs, {"channels": 4, "shrink": 2}, objective, schedule, "cpu", teacher="average")
    trainer.run(tmp_path)
    with (tmp_path / "log.csv").open() as log:
        losses = [float(row["validation_fusion"]) for row in csv.DictReader(log)]
    assert min(losses) < 0.8 * losses[0]
    assert trainer.facts()["teacher"] == "average"


def test_crops_that_the_squares_of_a_shrunk_network_do_not_fill_are_refused(make_pairs):
    with pytest.raises(InputError, match="crop=33: expected a multiple of shrink=2"):
        Trainer(make_pairs(count=2, height=34, width=38), {"shrink": 2}, schedule=Schedule(crop=33))
