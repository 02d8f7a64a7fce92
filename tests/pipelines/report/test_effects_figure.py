from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fusion import Pair, build_fuser
from fusion.effects import pair_effects
from fusion.errors import InputError
from fusion.interventions import INTERVENTIONS
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse
from pipelines.report.figures.effects import draw_effects
from pipelines.rows.effects import SceneEffects, load_scene, save_scene, scene_effects

GREY = torch.full((3, 48, 64), 0.5)


def scene(effects: dict[str, float], gates: int = 3) -> SceneEffects:
    """Make maps of zeros with a square of the given effect, and gates that rise from left to right."""
    maps = {name: torch.zeros(1, 48, 64) for name in INTERVENTIONS}
    for name, effect in effects.items():
        maps[name][:, 10:20, 10:20] = effect
    return SceneEffects(maps, [torch.linspace(0.2, 0.4, 64 >> k).expand(1, 48 >> k, -1) for k in range(gates)])


def draw(path: Path, drawn: SceneEffects, fused: torch.Tensor = GREY) -> np.ndarray:
    draw_effects(path, GREY[:1], GREY, fused, drawn, "a scene")
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture


def cells(first: np.ndarray, second: np.ndarray) -> set[tuple[int, int]]:
    """Tell in which cells (row, column) of the 2 x 5 grid two pictures differ; column 5 is the colour bar."""
    height, width, _ = first.shape
    rows, columns = np.nonzero((first != second).any(axis=2))
    return set(zip((rows * 2 // height).tolist(), (columns / (width * 0.952) * 5).astype(int).tolist(), strict=True))


def test_every_map_has_its_place_in_two_legible_rows_of_five(tmp_path: Path) -> None:
    every = dict.fromkeys(INTERVENTIONS, 0.5)
    base = draw(tmp_path / "base.png", scene(every))
    height, width, _ = base.shape
    assert width >= 5 * 500
    assert height >= 2 * 500 * 48 / 64
    for column, name in enumerate(INTERVENTIONS, start=1):
        assert cells(base, draw(tmp_path / "other.png", scene({**every, name: 0.2}))) == {(1, column)}
    assert cells(base, draw(tmp_path / "other.png", scene(every), GREY / 2)) == {(1, 0)}


def test_the_gates_stand_beside_the_sources_each_with_its_range(tmp_path: Path) -> None:
    base, without = draw(tmp_path / "a.png", scene({})), draw(tmp_path / "b.png", scene({}, gates=0))
    assert cells(base, without) == {(0, 2), (0, 3), (0, 4)}
    maps, gates = scene({})
    assert cells(base, draw(tmp_path / "c.png", SceneEffects(maps, [gate + 0.1 for gate in gates]))) == {
        (0, 2), (0, 3), (0, 4),
    }  # fmt: skip


def test_the_border_of_a_gate_does_not_stretch_its_range(tmp_path: Path) -> None:
    maps, gates = scene({})
    bordered = [torch.full_like(gate, 0.9) for gate in gates]
    for gate, inside in zip(bordered, gates, strict=True):
        gate[:, 1:-1, 1:-1] = inside[:, 1:-1, 1:-1]
    plain, other = (
        draw(tmp_path / "a.png", SceneEffects(maps, gates)),
        draw(tmp_path / "b.png", SceneEffects(maps, bordered)),
    )
    differs = (plain != other).any(axis=2)
    assert 0 < differs.mean() < 0.05  # the borders alone
    assert not differs[: round(0.045 * len(differs))].any()  # where the titles stand


def test_effects_share_one_scale(tmp_path: Path) -> None:
    alone = draw(tmp_path / "a.png", scene({"random": 0.1}))
    beside = draw(tmp_path / "b.png", scene({"random": 0.1, "without_visible": 0.8}))
    assert {(1, 2), (1, 3), (1, 5)} <= cells(alone, beside)  # the weak effect became darker, and the bar longer


def test_a_scene_that_nothing_moves_can_be_drawn(tmp_path: Path) -> None:
    still, moved = draw(tmp_path / "a.png", scene({})), draw(tmp_path / "b.png", scene({"random": 0.3}))
    assert still.shape == moved.shape
    assert (still != moved).any()


def test_equal_scenes_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw(tmp_path / name, scene({"random": 0.3}))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_scene_holds_the_measured_maps_and_the_gates_and_comes_back_from_its_file(
    tmp_path: Path, make_pairs: Callable[..., list[Pair]]
) -> None:
    (pair,) = make_pairs(1)
    torch.manual_seed(0)
    save_network(tmp_path / "net.safetensors", ISFuse(channels=8), {"channels": 8}, {})
    fuser = build_fuser("isfuse", weights=tmp_path / "net.safetensors", device="cpu")
    save_scene(tmp_path / "scene.safetensors", scene_effects(fuser, pair, seed=3))
    maps, gates = load_scene(tmp_path / "scene.safetensors")
    assert all(torch.equal(maps[name], effect) for name, effect in pair_effects(fuser, pair, 3).items())
    assert [gate.shape for gate in gates] == [(1, 40, 48), (1, 20, 24), (1, 10, 12)]
    assert scene_effects(build_fuser("average"), pair, seed=3).gates == []


def test_a_scene_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scene\.safetensors"):
        load_scene(tmp_path / "scene.safetensors")
