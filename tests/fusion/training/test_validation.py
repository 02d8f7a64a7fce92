import math

import pytest
import torch

from fusion.metrics import measure
from fusion.networks import ISFuse
from fusion.training.batches import Batch
from fusion.training.objective import Objective
from fusion.training.validation import hold_out, validate, validation_metrics


@pytest.mark.parametrize(("count", "fraction", "held_out"), [(10, 0.2, 2), (441, 0.1, 44), (2, 0.01, 1), (3, 0.99, 2)])
def test_every_index_trains_or_validates(count, fraction, held_out):
    training, validating = hold_out(count, fraction, seed=0)
    assert sorted(training + validating) == list(range(count))
    assert len(validating) == held_out
    assert hold_out(count, fraction, seed=0) == (training, validating)


def test_another_seed_holds_out_other_pairs():
    assert hold_out(100, 0.1, seed=0) != hold_out(100, 0.1, seed=1)


def test_metrics_are_those_of_the_images_rounded_to_8_bits():
    images = torch.rand(3, 2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    found = validation_metrics(*images)
    expected = measure(*(images * 255).round(), ["AG", "VIF"])
    assert set(found) == {"AG", "PSNR", "CC", "SCD", "VIF", "Qabf"}
    for name, values in expected.items():
        assert torch.equal(found[name], values)


def test_a_metric_that_needs_larger_crops_is_omitted():
    assert "VIF" not in validation_metrics(*torch.rand(3, 1, 1, 32, 32))


def test_a_crop_for_which_a_metric_is_undefined_does_not_count_as_zero():
    torch.manual_seed(0)
    network, noise = ISFuse(channels=2), torch.rand(1, 2, 32, 32)
    flat = torch.full((1, 2, 32, 32), 0.5)  # the correlation with a constant image is undefined

    def correlation(*crops):
        return validate(Objective(), network, [Batch(torch.cat(crops))], "float32")["validation_CC"]

    assert correlation(noise, flat) == correlation(noise) != 0
    assert math.isnan(correlation(flat))
