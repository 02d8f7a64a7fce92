import pytest
import torch
from torch.nn import functional as F

from fusion.interventions import complementary_masks, hole_masks, random_masks
from fusion.seeds import generator_for

SIZES = [(16, 16), (16, 40), (33, 47), (96, 64)]
SQUARE, DISC = 256, 208  # pixels of one hole; the disc's are those with their centre inside the circle


def holes(batch, height, width):
    return hole_masks(batch, height, width, generator_for(0, "test"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_complementary_masks_hide_no_pixel_in_both(size, seed):
    infrared, visible = complementary_masks(8, *size, generator_for(seed, "test"))
    assert infrared.shape == visible.shape == (8, 1, *size)
    assert {*infrared.unique().tolist(), *visible.unique().tolist()} == {0.0, 1.0}
    assert (infrared + visible).min() == 1
    assert (infrared == 0).any()
    assert (visible == 0).any()


def test_where_both_would_be_hidden_a_fair_coin_decides():
    infrared, visible = complementary_masks(200, 16, 16, generator_for(0, "test"))  # one hole fills the whole image
    is_full = ((infrared == 0) ^ (visible == 0)).flatten(1).all(dim=1)  # at least one of the two holes was a square
    hidden = (infrared[is_full] == 0).flatten(1).float().mean(dim=1)
    assert is_full.sum() > 100
    assert hidden.mean().item() == pytest.approx(0.5, abs=0.02)
    assert ((hidden > 0.35) & (hidden < 0.65)).float().mean() > 0.5  # per pixel, not per image


@pytest.mark.parametrize("size", SIZES)
def test_random_masks_are_equal_in_both_modalities(size):
    infrared, visible = random_masks(4, *size, generator_for(0, "test"))
    assert torch.equal(infrared, visible)
    assert ((infrared == 0).flatten(1).any(dim=1)).all()


@pytest.mark.parametrize("draw", [complementary_masks, random_masks])
def test_the_same_generator_draws_the_same_masks_and_another_one_others(draw):
    first, again, other = (draw(4, 64, 64, generator_for(seed, "test")) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.infrared, other.infrared)


def test_each_sample_has_holes_of_its_own():
    masks = holes(8, 64, 64)
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 8


def test_holes_lie_wholly_inside():
    masks = holes(400, 20, 24)
    areas = (masks == 0).flatten(1).sum(dim=1)
    assert areas.min() == DISC  # a hole cut by the border would be smaller than the smallest one


def test_holes_reach_every_border_and_none_is_preferred():
    hidden = (holes(2000, 20, 20) == 0).float().mean(dim=0)[0]
    edges = torch.stack([hidden[0].mean(), hidden[-1].mean(), hidden[:, 0].mean(), hidden[:, -1].mean()])
    assert edges.min() > 0.1
    assert edges.max() - edges.min() < 0.05


def test_one_to_six_holes_are_drawn_equally_often():
    generator = generator_for(0, "test")
    masks = torch.cat([hole_masks(30, 200, 200, generator) for _ in range(16)])  # large images: few overlaps
    hidden = (masks == 0).flatten(1).sum(dim=1)
    mean = 3.5 * (0.7 * SQUARE + 0.3 * DISC)
    assert hidden.float().mean() == pytest.approx(mean, rel=0.04)
    assert hidden.min() <= SQUARE
    assert 5 * DISC < hidden.max() <= 6 * SQUARE
    single = (hidden <= SQUARE).float().mean()
    assert single == pytest.approx(1 / 6, abs=0.03)


def test_three_holes_of_ten_are_discs():
    masks = holes(1500, 40, 40)
    areas = (masks == 0).flatten(1).sum(dim=1)
    squares, discs = (areas == SQUARE).sum().item(), (areas == DISC).sum().item()  # samples of one hole
    assert squares + discs > 200
    assert discs / (squares + discs) == pytest.approx(0.3, abs=0.05)


def test_a_square_fills_its_bounding_box_and_a_disc_is_round():
    masks = holes(200, 64, 64)
    shapes = {SQUARE: torch.ones(16, 16)}
    axis = torch.arange(16) - 7.5
    shapes[DISC] = (axis[:, None] ** 2 + axis**2 < 64).float()
    for area, shape in shapes.items():
        found = next(mask[0] for mask in masks if (mask == 0).sum() == area) == 0
        rows, columns = found.any(dim=1).nonzero().flatten(), found.any(dim=0).nonzero().flatten()
        assert torch.equal(found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].float(), shape)


def test_holes_are_zeros_and_the_rest_ones_in_float32():
    mask = holes(2, 64, 64)
    assert mask.dtype == torch.float32
    assert F.relu(mask - 1).sum() == 0
    assert set(mask.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("draw", [complementary_masks, random_masks, hole_masks])
@pytest.mark.parametrize("size", [(15, 64), (64, 15)])
def test_an_image_smaller_than_a_hole_is_refused(draw, size):
    with pytest.raises(
        ValueError, match=rf"smaller than a hole \(found {size[1]}x{size[0]}, expected at least 16x16\)"
    ):
        draw(1, *size, generator_for(0, "test"))
