from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fusion import build_fuser, match_pairs
from fusion.effects import pair_effects
from fusion.errors import InputError
from fusion.storage.files import write_json
from pipelines.report.effects import truth_table
from pipelines.rows.effects import KnownObject, ObjectEffect, load_known_objects, object_effects
from pipelines.sample import write_sample

MAPS = {"without_infrared": torch.zeros(1, 8, 9), "without_visible": torch.zeros(1, 8, 9)}


def test_effects_are_averaged_inside_the_box_alone() -> None:
    maps = {name: effect.clone() for name, effect in MAPS.items()}
    maps["without_infrared"][0, 2:5, 1:7] = 0.5  # rows 2-4, columns 1-6
    maps["without_visible"][0, 4, 6] = 0.9
    inside, wider = KnownObject("infrared", (1, 2, 7, 5)), KnownObject("visible", (1, 2, 9, 5))
    assert object_effects(maps, [inside]) == [ObjectEffect("infrared", 0.5, pytest.approx(0.9 / 18))]
    assert object_effects(maps, [wider]) == [ObjectEffect("visible", pytest.approx(0.375), pytest.approx(0.9 / 24))]


@pytest.mark.parametrize(
    ("camera", "without_infrared", "without_visible", "as_known"),
    [
        ("infrared", 0.2, 0.1, True),
        ("infrared", 0.1, 0.2, False),
        ("visible", 0.1, 0.2, True),
        ("visible", 0.2, 0.1, False),
        ("infrared", 0.1, 0.1, False),
        ("visible", 0.1, 0.1, False),
    ],
)
def test_the_camera_that_shows_an_object_has_to_matter_more(
    camera: str, without_infrared: float, without_visible: float, as_known: bool
) -> None:
    assert ObjectEffect(camera, without_infrared, without_visible).as_known == as_known


def test_only_objects_of_one_camera_are_read(tmp_path: Path) -> None:
    things = [{"class": "Car", "box_xyxy": [k, 2, 9, 8], "shown_by": s} for k, s in enumerate(("both", "visible"))]
    write_json(tmp_path / "objects.json", {"7": {"light": "day", "objects": things}, "8": {"objects": things[:1]}})
    assert load_known_objects(tmp_path) == {"7": [KnownObject("visible", (1, 2, 9, 8))], "8": []}


def test_a_sample_without_its_objects_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"objects\.json"):
        load_known_objects(tmp_path)


def test_the_table_has_a_line_for_every_fuser_and_camera() -> None:
    found = {
        "average": [ObjectEffect("infrared", 0.25, 0.125), ObjectEffect("infrared", 0.25, 0.375)],
        "maximum": [ObjectEffect("visible", 0.125, 0.5)],
    }
    lines = truth_table(found).markdown_body().splitlines()
    assert [line for line in lines if line.startswith(("| average", "| maximum"))] == [
        "| average | only infrared | 2 | 0.2500 | 0.2500 | 1 of 2 |",
        "| average | only visible | 0 | - | - | 0 of 0 |",
        "| maximum | only infrared | 0 | - | - | 0 of 0 |",
        "| maximum | only visible | 1 | 0.1250 | 0.5000 | 1 of 1 |",
    ]


@pytest.mark.parametrize("fuser", ["average", "maximum"])
def test_plain_fusions_lose_what_one_camera_shows_without_that_camera(tmp_path: Path, fuser: str) -> None:
    write_sample(tmp_path, train=0, test=8)
    known = load_known_objects(tmp_path)
    effects = [
        effect
        for pair in match_pairs(tmp_path / "Ir", tmp_path / "Vis")
        for effect in object_effects(pair_effects(build_fuser(fuser), pair, 0), known[pair.stem])
    ]
    for camera in ("infrared", "visible"):
        as_known = [effect.as_known for effect in effects if effect.camera == camera]
        assert len(as_known) >= 8
        assert sum(as_known) >= len(as_known) - 1  # by night an object may be hardly brighter than the warm street


def test_a_source_alone_keeps_nothing_that_only_the_other_camera_shows(tmp_path: Path) -> None:
    write_sample(tmp_path, train=0, test=2)
    known = load_known_objects(tmp_path)
    for pair in match_pairs(tmp_path / "Ir", tmp_path / "Vis"):
        for effect in object_effects(pair_effects(build_fuser("infrared"), pair, 0), known[pair.stem]):
            assert effect.as_known == (effect.camera == "infrared")
