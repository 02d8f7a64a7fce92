"""Properties of every metric of every convention, for any images."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.metrics import CONVENTIONS, SUITES, Triplet, choose_metrics, measure
from tests.fusion.metrics.synthetic_triplets import as_batch, make_triplet

ALL = [(convention, name) for convention, metrics in CONVENTIONS.items() for name in metrics]
# Swapping the sources or reversing the batch changes the order of sums: rounding errors only.
CLOSE = {"rtol": 1e-9, "atol": 1e-11}
EXCHANGED = [entry for entry in ALL if entry[1] != "Nabf_as_called"]  # takes the infrared image as the fused one


@pytest.fixture(scope="module")
def images() -> tuple[Tensor, Tensor, Tensor]:
    infrared, visible, fused = (as_batch(image) for image in make_triplet(177, 201))
    return infrared, visible, fused


@pytest.mark.parametrize(("convention", "name"), EXCHANGED)
def test_exchanging_the_sources_changes_nothing(images, convention, name):
    infrared, visible, fused = images
    there = measure(infrared, visible, fused, [name], convention)[name]
    torch.testing.assert_close(measure(visible, infrared, fused, [name], convention)[name], there, **CLOSE)


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_a_batch_has_the_values_of_single_images_in_any_order(images, convention, name):
    infrared, visible, fused = images
    batch = [torch.cat([infrared, visible]), torch.cat([visible, fused]), torch.cat([fused, infrared])]
    together = measure(*batch, [name], convention)[name]
    alone = [measure(*(image[k : k + 1] for image in batch), [name], convention)[name] for k in range(2)]
    turned = measure(*(image.flip(0) for image in batch), [name], convention)[name]
    assert together.shape == (2,)
    assert together.dtype == torch.float64
    torch.testing.assert_close(together, torch.cat(alone), **CLOSE, equal_nan=True)
    torch.testing.assert_close(turned, together.flip(0), **CLOSE, equal_nan=True)


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_whole_floats_have_the_values_of_bytes(images, convention, name):
    floats = [image.float() for image in images]
    assert torch.equal(measure(*floats, [name], convention)[name], measure(*images, [name], convention)[name])


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_a_metric_changes_neither_the_images_nor_the_shared_statistics(images, convention, name):
    metric, triplet = CONVENTIONS[convention][name], Triplet(*images)
    assert torch.equal(metric(triplet), metric(triplet))


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_one_metric_does_not_change_another(images, convention):
    names = list(CONVENTIONS[convention])
    forwards, backwards = measure(*images, names, convention), measure(*images, names[::-1], convention)
    assert list(backwards) == names[::-1]
    assert all(torch.equal(forwards[name], backwards[name]) for name in names)


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_constant_images_have_a_number_or_nan_and_raise_no_error(convention, name):
    flat = torch.full((1, 1, 180, 180), 7, dtype=torch.uint8)
    value = measure(flat, flat, flat, [name], convention)[name]
    assert value.isnan().item() == (name in {"NMI", "CC", "SCD", "VIF", "Qcb", "Qcv", "Qp"})


def test_qabf_is_undefined_where_both_sources_are_black(images):
    black = torch.zeros_like(images[2])  # any other constant has an edge at the border, as images are padded with zeros
    assert measure(black, black, images[2], ["Qabf"])["Qabf"].isnan().item()


def test_equal_images_have_no_error_and_full_agreement(images):
    infrared, _, _ = images
    found = measure(infrared, infrared, infrared, ["MSE", "PSNR", "PSNR_std", "SSIM", "MS_SSIM", "CC", "VIF", "NMI"])
    assert found["MSE"].item() == 0
    assert found["PSNR"].isinf().item()
    assert found["PSNR_std"].isinf().item()
    for name, best in {"SSIM": 1, "MS_SSIM": 1, "CC": 1, "VIF": 2, "NMI": 2}.items():
        assert found[name].item() == pytest.approx(best, abs=1e-9), name


def test_scd_is_undefined_where_a_source_differs_from_the_fused_image_by_a_constant(images):
    infrared, visible, _ = images
    darker = visible.clamp(max=250)
    assert measure(infrared, darker, darker + 5, ["SCD"])["SCD"].isnan().item()


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_the_smallest_size_is_accepted_and_one_pixel_less_is_refused(images, convention, name):
    side = CONVENTIONS[convention][name].smallest_side
    smallest = [image[..., :side, : side + 3] for image in images]
    assert measure(*smallest, [name], convention)[name].shape == (1,)
    if side > 1:
        smaller = [image[..., : side - 1] for image in smallest]
        with pytest.raises(
            ValueError, match=f"{name} .found {side - 1}x{side} pixels, expected at least {side}x{side}"
        ):
            measure(*smaller, [name], convention)


@pytest.mark.parametrize("value", [-1.0, 256.0, 0.5, float("nan"), float("inf")])
def test_values_that_are_not_grey_levels_are_refused(images, value):
    wrong = images[2].float()
    wrong[0, 0, 3, 4] = value
    with pytest.raises(ValueError, match="expected whole grey levels"):
        measure(images[0], images[1], wrong, ["EN"])


def test_unequal_shapes_are_refused_with_all_three(images):
    with pytest.raises(ValueError, match=r"\(1, 1, 177, 200\)"):
        measure(images[0], images[1], images[2][..., 1:], ["EN"])


def test_a_misspelt_metric_or_convention_is_an_error_with_the_list():
    with pytest.raises(InputError, match="Did you mean 'Qabf'"):
        choose_metrics(["Qafb"])
    with pytest.raises(InputError, match="Known: cddfuse, clean, eif, vifb"):
        choose_metrics(convention="matlab")


@pytest.mark.parametrize(("convention", "name"), ALL)
def test_every_metric_locates_a_function_of_its_package(convention, name):
    metric = CONVENTIONS[convention][name]
    assert f"{metric.function.__module__}.{metric.function.__name__}" == f"fusion.metrics.{metric.location}"


def test_the_suite_has_seventeen_metrics_and_is_the_default(images):
    assert len(SUITES["eif"]) == 17
    assert tuple(measure(*images)) == SUITES["eif"]
