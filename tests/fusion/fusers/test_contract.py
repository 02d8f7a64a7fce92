"""The contract, violated in every way that the check reports."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from fusion.errors import FuserError, InputError
from fusion.fusers.contract import SIZES, contract_violations, fuse_checked
from fusion.images.colour import luma

Fuse = Callable[[Tensor, Tensor], Tensor]


class Made:
    """A fuser made from one function."""

    learned, colour = False, True

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse


def darken(infrared: Tensor, visible: Tensor) -> Tensor:
    infrared *= 0.5
    return infrared


def eights_only(infrared: Tensor, visible: Tensor) -> Tensor:
    if infrared.shape[3] % 8:
        raise RuntimeError("expected a\nmultiple of 8")
    return infrared


def weighted(infrared: Tensor, visible: Tensor) -> Tensor:
    share = torch.full((), 0.5, requires_grad=True)
    return share * infrared + (1 - share) * visible


def flicker() -> Fuse:
    calls = itertools.count()
    return lambda infrared, visible: infrared * (0.5 if next(calls) % 2 else 0.4)


def in_float64(infrared: Tensor, visible: Tensor) -> Tensor:
    return torch.from_numpy(infrared.numpy().astype(np.float64))


def test_a_fuser_that_keeps_the_contract_has_no_violations() -> None:
    assert contract_violations(Made(lambda infrared, visible: (infrared + visible) / 2)) == []


@pytest.mark.parametrize(
    ("fuse", "sentence"),
    [
        (eights_only, "images of 7x5: raises RuntimeError (expected a multiple of 8)"),
        (
            lambda infrared, visible: infrared[..., ::2, ::2],
            "wrong shape (found (3, 1, 2, 2), expected (3, 1, 4, 4) for luma or (3, 3, 4, 4) for RGB)",
        ),
        (lambda infrared, visible: infrared.numpy(), "wrong return type (found ndarray, expected Tensor)"),
        (in_float64, "wrong dtype (found torch.float64, expected torch.float32)"),
        (lambda infrared, visible: infrared.to("meta"), "wrong device (found meta, expected cpu as the inputs)"),
        (lambda infrared, visible: infrared + visible, "expected 0..1)"),
        (lambda infrared, visible: infrared - 0.5, "expected 0..1)"),
        (lambda infrared, visible: infrared / (infrared + visible), "values that are not finite"),
        (flicker(), "not deterministic (equal inputs gave different outputs)"),
        (
            lambda infrared, visible: infrared / infrared.max().clamp(min=1e-9),
            "a batch differs from its images fused one by one",
        ),
        (darken, "the source images are modified"),
        (weighted, "the output records gradients. Try: torch.inference_mode() or torch.no_grad()"),
    ],
)
def test_a_violation_is_a_sentence(fuse: Fuse, sentence: str) -> None:
    assert any(sentence in found for found in contract_violations(Made(fuse)))


def no_memory(infrared: Tensor, visible: Tensor) -> Tensor:
    raise MemoryError


def refuses(infrared: Tensor, visible: Tensor) -> Tensor:
    raise InputError("net.onnx: cannot fuse images of 6x5")


@pytest.mark.parametrize(
    ("fuse", "message"),
    [
        (eights_only, "RuntimeError: expected a multiple of 8"),
        (no_memory, "MemoryError"),
        (refuses, "net.onnx: cannot fuse images of 6x5"),
        (
            lambda infrared, visible: infrared[..., ::2, ::2],
            "wrong shape (found (1, 1, 3, 3), expected (1, 1, 5, 6) for luma or (1, 3, 5, 6) for RGB)",
        ),
        (
            lambda infrared, visible: infrared.expand(-1, 2, -1, -1),
            "wrong shape (found (1, 2, 5, 6), expected (1, 1, 5, 6) for luma or (1, 3, 5, 6) for RGB)",
        ),
        (lambda infrared, visible: infrared.numpy(), "wrong return type (found ndarray, expected Tensor)"),
        (lambda infrared, visible: infrared.to("meta"), "wrong device (found meta, expected cpu as the inputs)"),
        (lambda infrared, visible: infrared * 2, "values out of range (found 2..2, expected 0..1)"),
        (lambda infrared, visible: infrared * math.nan, "values that are not finite"),
        (lambda infrared, visible: infrared * math.inf, "values that are not finite"),
    ],
)
def test_fusing_with_a_broken_fuser_is_its_error_and_no_mistake_of_the_user(fuse: Fuse, message: str) -> None:
    with pytest.raises(FuserError) as error:
        fuse_checked(Made(fuse), torch.ones(1, 1, 5, 6), torch.ones(1, 1, 5, 6))
    assert str(error.value) == message
    assert not isinstance(error.value, InputError)


def test_rounding_errors_beyond_the_range_are_no_fault() -> None:
    fused = fuse_checked(
        Made(lambda infrared, visible: infrared + 1e-4), torch.ones(1, 1, 5, 6), torch.ones(1, 1, 5, 6)
    )
    assert float(fused.max()) == pytest.approx(1.0001)


def test_a_violation_is_listed_once_with_the_image_size() -> None:
    broken = contract_violations(Made(lambda infrared, visible: infrared - 1))
    assert len(broken) == len(set(broken))
    assert all(re.match(r"images of \d+x\d+: ", found) for found in broken)


class Colourful(Made):
    """A fuser that takes the visible image as RGB."""

    sees_colour = True


def test_a_fuser_may_see_and_return_colour() -> None:
    assert contract_violations(Colourful(lambda infrared, visible: (infrared + visible) / 2)) == []
    assert contract_violations(Colourful(lambda infrared, visible: visible[:, :1])) == []
    assert contract_violations(Made(lambda infrared, visible: visible.expand(-1, 3, -1, -1).contiguous())) == []


def test_a_fuser_gets_luma_or_colour_as_it_asks() -> None:
    infrared, visible = torch.rand(1, 1, 4, 4), torch.rand(1, 3, 4, 4)
    assert torch.equal(fuse_checked(Made(lambda _, seen: seen), infrared, visible), luma(visible))
    assert torch.equal(fuse_checked(Colourful(lambda _, seen: seen), infrared, visible), visible)
    grey = fuse_checked(Colourful(lambda _, seen: seen), infrared, infrared)
    assert torch.equal(grey, infrared.expand(-1, 3, -1, -1))


def test_missing_flags_are_violations() -> None:
    class Flagless:
        fuse = staticmethod(lambda infrared, visible: infrared)

    assert contract_violations(Flagless()) == ["learned is not a bool", "colour is not a bool"]  # type: ignore[arg-type]


def test_sizes_are_small_and_some_are_odd() -> None:
    assert (4, 4) in SIZES
    assert any(height % 2 and width % 2 for height, width in SIZES)
