from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.interventions import INTERVENTIONS
from fusion.seeds import generator_for
from fusion.stress import ALL, CONDITIONS, Condition, parse_conditions

HEIGHT, WIDTH = 48, 64
BOTH = {"complementary", "random"}


@pytest.fixture
def pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(1, HEIGHT, WIDTH, generator=generator), torch.rand(3, HEIGHT, WIDTH, generator=generator)


def under(condition: Condition, pair: tuple[Tensor, Tensor], seed: int = 0) -> tuple[Tensor, Tensor]:
    return condition.apply(*pair, generator_for(seed, "test"))


EVERY = parse_conditions([ALL])


def test_all_are_every_condition_with_its_usual_severities() -> None:
    assert [str(one) for one in EVERY if one.name == "infrared_shift"] == [
        "infrared_shift@2",
        "infrared_shift@4",
        "infrared_shift@8",
    ]
    assert {one.name for one in EVERY} == set(CONDITIONS)
    assert len(EVERY) == 11
    assert set(INTERVENTIONS) < set(CONDITIONS)


@pytest.mark.parametrize("condition", EVERY, ids=str)
def test_a_condition_is_deterministic_stays_in_range_and_touches_what_it_says(
    condition: Condition, pair: tuple[Tensor, Tensor]
) -> None:
    before = [image.clone() for image in pair]
    found = under(condition, pair)
    assert all(torch.equal(one, other) for one, other in zip(found, under(condition, pair), strict=True))
    assert all(torch.equal(one, other) for one, other in zip(pair, before, strict=True))  # the inputs are kept
    for one, given in zip(found, pair, strict=True):
        assert (one.shape, one.dtype) == (given.shape, given.dtype)
        assert 0 <= one.min() <= one.max() <= 1
    changed = [not torch.equal(one, given) for one, given in zip(found, pair, strict=True)]
    assert changed == [condition.name in BOTH or "infrared" in condition.name, "infrared" not in condition.name]


@pytest.mark.parametrize("name", CONDITIONS)
def test_severity_0_is_the_identity(name: str, pair: tuple[Tensor, Tensor]) -> None:
    assert all(torch.equal(one, given) for one, given in zip(under(Condition(name, 0), pair), pair, strict=True))


@pytest.mark.parametrize("name", ["infrared_noise", "infrared_stripes", "complementary", "random"])
def test_another_seed_draws_something_else(name: str, pair: tuple[Tensor, Tensor]) -> None:
    condition = Condition(name, 1)
    assert not torch.equal(under(condition, pair, 0)[0], under(condition, pair, 1)[0])


def test_noise_and_stripes_have_their_standard_deviation() -> None:
    grey = torch.full((1, 400, 400), 0.5)
    noise = under(Condition("infrared_noise", 20), (grey, grey))[0] - grey
    assert noise.std().item() * 255 == pytest.approx(20, rel=0.01)
    stripes = (under(Condition("infrared_stripes", 10), (grey, grey))[0] - grey)[0]
    assert (stripes - stripes[:1]).abs().max() == 0  # the same offset in every row
    assert stripes[0].std().item() * 255 == pytest.approx(10, rel=0.1)


def test_a_shift_moves_infrared_to_the_right(pair: tuple[Tensor, Tensor]) -> None:
    moved, _ = under(Condition("infrared_shift", 4), pair)
    assert torch.equal(moved[..., 4:], pair[0][..., :-4])
    assert torch.equal(moved[..., :4], pair[0][..., :1].expand(-1, -1, 4))


def test_low_light_is_the_gamma_with_the_noise_of_its_photons() -> None:
    grey = torch.full((3, 300, 300), 0.5)
    dark = under(Condition("visible_low_light", 1), (grey[:1], grey))[1]
    assert dark.mean().item() == pytest.approx(0.5**3, rel=0.01)
    assert dark.std().item() == pytest.approx((0.5**3 / 255) ** 0.5, rel=0.02)


def test_a_blur_keeps_the_mean_of_a_cell_and_loses_what_is_smaller() -> None:
    board = torch.zeros(1, 32, 32)
    board[:, ::2] = 1
    assert torch.allclose(under(Condition("visible_blur", 4), (board, board))[1], torch.full_like(board, 0.5))
    assert torch.equal(under(Condition("visible_blur", 1), (board, board))[1], board)


@pytest.mark.parametrize(
    ("condition", "size", "said"),
    [
        (Condition("complementary", 1), (12, 40), "smaller than a hole"),
        (Condition("infrared_shift", 8), (20, 8), "too narrow for a shift (found a width of 8, expected more than 8)"),
        (Condition("visible_blur", 9), (8, 30), "too small for a blur (found 30x8"),
    ],
)
def test_images_that_are_too_small_are_refused(condition: Condition, size: tuple[int, int], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        under(condition, (torch.zeros(1, *size), torch.zeros(3, *size)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("infrared_nois", "unknown condition 'infrared_nois'. Did you mean 'infrared_noise'? Known: all, compl"),
        ("noise", "unknown condition 'noise'. Did you mean 'infrared_noise'?"),
        ("", "unknown condition ''"),
        ("infrared_noise@", "no severity (found '', expected a standard deviation in grey levels from 0 to 255"),
        ("infrared_noise@-1", "found '-1'"),
        ("infrared_noise@nan", "found 'nan'"),
        ("infrared_shift@2.5", "found '2.5', expected whole pixels"),
        ("without_visible@2", "expected the share of brightness that is lost from 0 to 1; usual: 1"),
        ("missing.py:fog", "missing.py: cannot be read (No such file or directory; named by condition 'missing.py:fog"),
        ("all@2", "condition 'all@2': all has the usual severities"),
        ("missing.py", "condition 'missing.py': no function named (expected path/to/file.py:function)"),
    ],
)
def test_an_unknown_condition_or_severity_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_conditions([text])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


Own = Callable[[str], str]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Write functions of a user into a file, and return how to name one."""
    code = {
        "fog": "infrared, visible * (1 - severity) + severity",
        "grown": "infrared.repeat(1, 2, 1), visible",
        "lost": "infrared * float('nan'), visible",
        "bright": "infrared, visible + 2",
        "single": "infrared",
        "doubled": "infrared.double(), visible",
        "crashes": "infrared / torch, visible",
        "leaves": "__import__('sys').exit(0)",
    }
    path = tmp_path / "mine.py"
    heads = (f"def {name}(infrared, visible, severity, generator):\n    return {what}\n" for name, what in code.items())
    path.write_text("import torch\n" + "\n".join(heads))
    return lambda name: f"{path}:{name}"


def test_a_function_of_the_user_is_a_condition(own: Own, pair: tuple[Tensor, Tensor]) -> None:
    usual, strong = parse_conditions([own("fog"), f"{own('fog')}@0.25"])
    assert (str(usual), str(strong), strong.label) == ("fog@1", "fog@0.25", "fog 0.25")
    assert torch.equal(under(usual, pair)[1], torch.ones(3, HEIGHT, WIDTH))
    assert torch.equal(under(strong, pair)[1], pair[1] * 0.75 + 0.25)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("grown", "returned infrared of another size or type (found (1, 96, 64) torch.float32, expected (1, 48, 64)"),
        ("lost", "returned infrared with NaN (expected values from 0 to 1)"),
        ("bright", "returned visible out of range (found 2"),
        ("single", "returned no pair (found Tensor, expected two tensors)"),
        ("doubled", "of another size or type (found (1, 48, 64) torch.float64, expected (1, 48, 64) torch.float32)"),
        ("crashes", "TypeError: unsupported operand"),
    ],
)
def test_what_a_function_of_the_user_returns_is_checked(
    own: Own, pair: tuple[Tensor, Tensor], name: str, said: str
) -> None:
    with pytest.raises(InputError) as error:
        under(Condition(own(name), 1), pair)
    assert said in str(error.value)


def test_two_functions_of_one_name_are_refused_and_an_unknown_one_is(own: Own, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("def fog(*given):\n    return given[:2]\n")
    with pytest.raises(InputError, match=r"has the name of .*mine\.py:fog"):
        parse_conditions([own("fog"), f"{tmp_path / 'other.py'}:fog"])
    with pytest.raises(InputError, match=r"unknown function of .*mine\.py 'fogs'\. Did you mean 'fog'\?"):
        parse_conditions([own("fogs")])


def test_own_code_that_ends_the_program_is_an_error_and_infinity_is_no_severity(
    own: Own, pair: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(InputError, match=r"script\.py: cannot be imported \(SystemExit: 0\)"):
        parse_conditions([f"{tmp_path / 'script.py'}:fog"])
    with pytest.raises(InputError, match=r"mine\.py:leaves: SystemExit: 0"):
        under(Condition(own("leaves"), 1), pair)
    with pytest.raises(InputError, match="found 'inf'"):
        parse_conditions([f"{own('fog')}@inf"])
