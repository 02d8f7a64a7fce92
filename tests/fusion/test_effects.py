from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fusion import InputError, Pair, build_fuser
from fusion.effects import effect_maps, measure_effects, pair_effects
from fusion.errors import FuserError
from fusion.fusers.catalogue import BUILT_IN
from fusion.images.colour import luma
from fusion.interventions import INTERVENTIONS
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse
from fusion.scoring.means import mean_scores
from fusion.seeds import generator_for
from tests.onnx_models import write_model

MakePairs = Callable[..., list[Pair]]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "isfuse.safetensors"
    save_network(path, ISFuse(channels=8), {"channels": 8}, {})
    return path


def values(name: str, pairs: list[Pair], seed: int = 0) -> dict[str, dict[str, float]]:
    return {row.image: row.values for row in measure_effects(name, build_fuser(name), pairs, seed)}


def test_dropping_a_camera_changes_the_average_by_half_of_its_image(make_pairs: MakePairs) -> None:
    pairs = make_pairs(2)
    for pair in pairs:
        infrared, visible = pair.read()
        found = values("average", pairs)[pair.stem]
        assert found["without_visible"] == pytest.approx(float(luma(visible).mean()) / 2, abs=1e-7)
        assert found["without_infrared"] == pytest.approx(float(infrared.mean()) / 2, abs=1e-7)


def test_a_source_alone_depends_on_its_own_camera_only(make_pairs: MakePairs) -> None:
    pairs = make_pairs(1)
    infrared, visible = pairs[0].read()
    of_infrared, of_visible = values("infrared", pairs)["00"], values("visible", pairs)["00"]
    assert of_infrared["without_visible"] == of_visible["without_infrared"] == 0
    assert of_infrared["without_infrared"] == pytest.approx(float(infrared.mean()), abs=1e-7)
    assert of_visible["without_visible"] == pytest.approx(float(luma(visible).mean()), abs=1e-7)


def test_holes_in_white_images_change_the_fused_image_by_known_steps() -> None:
    white = torch.ones(1, 40, 48)

    def levels(name: str, intervention: str) -> set[float]:
        maps = effect_maps(build_fuser(name), white, white, torch.Generator().manual_seed(0))
        return set(maps[intervention].unique().tolist())

    assert levels("infrared", "complementary") == levels("visible", "complementary") == {0.0, 1.0}
    assert levels("average", "complementary") == {0.0, 0.5}  # never hidden in both
    assert levels("average", "random") == {0.0, 1.0}  # always hidden in both
    assert levels("maximum", "complementary") == {0.0}
    assert levels("maximum", "random") == {0.0, 1.0}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_fuser_has_a_map_in_range_for_every_intervention(name: str, request: pytest.FixtureRequest) -> None:
    options = {"weights": request.getfixturevalue("weights"), "device": "cpu"} if name == "isfuse" else {}
    if name == "onnx":
        options = {"model": write_model(request.getfixturevalue("tmp_path") / "model.onnx")}
    infrared, visible = torch.rand(2, 1, 33, 47, generator=torch.Generator().manual_seed(1))
    maps = effect_maps(build_fuser(name, **options), infrared, visible, torch.Generator().manual_seed(0))
    assert tuple(maps) == INTERVENTIONS
    for effect in maps.values():
        assert effect.shape == (1, 33, 47)
        assert not effect.requires_grad
        assert 0 <= effect.min() <= effect.max() <= 1
    assert any(effect.max() > 0 for effect in maps.values())


def test_equal_seeds_have_equal_effects_and_different_seeds_different_holes(make_pairs: MakePairs) -> None:
    pairs = make_pairs(2)
    first, again, other = values("laplacian", pairs), values("laplacian", pairs), values("laplacian", pairs, seed=1)
    assert first == again
    for image in first:
        assert first[image]["complementary"] != other[image]["complementary"]
        assert first[image]["without_visible"] == other[image]["without_visible"]


def test_the_effects_on_an_image_depend_on_no_other_image(make_pairs: MakePairs) -> None:
    pairs = make_pairs(3)
    together = values("laplacian", pairs)
    assert values("laplacian", pairs[2:]) == {"02": together["02"]}
    assert list(values("laplacian", pairs[::-1])) == ["02", "01", "00"]
    assert values("laplacian", pairs[::-1]) == together


def test_the_holes_depend_on_the_stem(make_pairs: MakePairs) -> None:
    (pair,) = make_pairs(1)
    infrared, visible = pair.read()
    expected = effect_maps(build_fuser("average"), infrared, luma(visible), generator_for(5, "effects", "00"))
    found = pair_effects(build_fuser("average"), pair, 5)
    assert all(torch.equal(found[name], expected[name]) for name in INTERVENTIONS)
    renamed = pair_effects(build_fuser("average"), replace(pair, stem="other"), 5)
    assert not torch.equal(found["random"], renamed["random"])


def test_look_receives_every_pair_with_the_maps_that_its_row_averages(make_pairs: MakePairs) -> None:
    pairs, shown = make_pairs(2), []
    rows = measure_effects("average", build_fuser("average"), pairs, look=lambda pair, maps: shown.append((pair, maps)))
    assert [pair for pair, _ in shown] == pairs
    for row, (_, maps) in zip(rows, shown, strict=True):
        assert row.values == {name: float(effect.mean()) for name, effect in maps.items()}


def test_the_rows_have_means_with_intervals(make_pairs: MakePairs) -> None:
    rows = measure_effects("mine", build_fuser("average"), make_pairs(3))
    mean = mean_scores(rows)["without_visible"]["mine"]
    assert mean.n == 3
    assert mean.mean == pytest.approx(sum(row.values["without_visible"] for row in rows) / 3)
    assert mean.low is not None
    assert mean.high is not None
    assert mean.low < mean.mean < mean.high


def test_a_fuser_that_fails_is_no_mistake_in_the_images(make_pairs: MakePairs) -> None:
    class Fails:
        learned = colour = False

        def fuse(self, infrared: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
            if (visible == 0).all():
                raise ValueError("nothing to see")
            return infrared

    with pytest.raises(FuserError, match=r"^image 00: ValueError: nothing to see$"):
        measure_effects("mine", Fails(), make_pairs(2))


def test_an_image_smaller_than_a_hole_is_reported(make_pairs: MakePairs) -> None:
    pairs = make_pairs(1, height=15, width=40)
    message = f"{pairs[0].infrared}: image is smaller than a hole (found 40x15, expected at least 16x16)"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        measure_effects("average", build_fuser("average"), pairs)
