"""Fusion by gradient transfer: infrared intensities with visible gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fusion import InputError, build_fuser

FLAT = torch.full((1, 1, 96, 96), 0.3)


def with_disc(radius: int) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    inside = (rows - 48) ** 2 + (columns - 48) ** 2 <= radius**2
    return torch.where(inside, 0.8, FLAT)


def energy(fused: Tensor, infrared: Tensor, visible: Tensor, weight: float) -> float:
    off = (fused - visible)[0, 0]
    down = torch.diff(off, dim=0, append=off[-1:])
    across = torch.diff(off, dim=1, append=off[:, -1:])
    return float((fused - infrared).abs().sum() + weight * (down**2 + across**2).sqrt().sum())


def noise() -> tuple[Tensor, Tensor]:
    smooth = torch.nn.functional.avg_pool2d(torch.rand(2, 1, 80, 96, generator=torch.Generator().manual_seed(0)), 9, 1)
    low, high = smooth.min(), smooth.max()
    infrared, visible = (0.2 + 0.6 * (smooth - low) / (high - low)).split(1)
    return infrared, visible


@pytest.mark.parametrize(("radius", "height"), [(30, 0.5), (16, 0.5), (4, 0.0)])
def test_a_warm_disc_survives_if_its_area_exceeds_four_perimeters(radius: int, height: float) -> None:
    fused = build_fuser("gradient_transfer").fuse(with_disc(radius), FLAT)
    assert float(fused[0, 0, 47:50, 47:50].mean() - fused[0, 0, 0, 0]) == pytest.approx(height, abs=0.02)


def test_a_large_object_of_the_visible_image_is_replaced_by_infrared() -> None:
    fused = build_fuser("gradient_transfer").fuse(FLAT, with_disc(16))
    torch.testing.assert_close(fused[..., 44:52, 44:52], FLAT[..., 44:52, 44:52], rtol=0, atol=0.02)


def test_visible_texture_is_transferred_to_infrared_intensity() -> None:
    texture = 0.05 * torch.rand(1, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    fused = build_fuser("gradient_transfer").fuse(FLAT, 0.6 + texture)
    assert float(fused.mean()) == pytest.approx(0.3, abs=0.01)
    centred = texture - texture.mean()
    assert float(((fused - fused.mean()) * centred).sum() / centred.square().sum()) > 0.9


@pytest.mark.parametrize("weight", [0.5, 4.0])
def test_the_energy_is_close_to_the_minimum(weight: float) -> None:
    infrared, visible = noise()
    found = build_fuser("gradient_transfer", weight=weight).fuse(infrared, visible)
    settled = build_fuser("gradient_transfer", weight=weight, steps=3000).fuse(infrared, visible)
    lowest = energy(settled, infrared, visible, weight)
    assert energy(found, infrared, visible, weight) < 1.01 * lowest
    assert lowest < energy(infrared, infrared, visible, weight)
    assert lowest < energy(visible, infrared, visible, weight)
    other, _ = noise()
    for way in (infrared - settled, visible - settled, torch.ones_like(settled), other.flip(2) - 0.5):
        for step in (0.01, -0.01):  # the energy is convex: a point that no small step improves is the minimum
            assert energy(settled + step * way, infrared, visible, weight) > lowest


@pytest.mark.parametrize("options", [{"weight": 0}, {"steps": 0}])
def test_an_option_out_of_range_is_reported(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"=0 out of range \(expected a"):
        build_fuser("gradient_transfer", **options)
