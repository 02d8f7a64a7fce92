from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from fusion.images.pairs import match_pairs
from pipelines.sample import write_sample
from pipelines.sample.generation import generate_scene
from pipelines.sample.objects import box_of
from pipelines.sample.scene import Scene
from tests.pipelines.sample.single_objects import SingleObject, mask_of, single_objects

SIZE = (320, 256)
KINDS = {"People", "Car", "Bus", "Motorcycle", "Lamp", "Truck"}


class CountedGenerator(np.random.Generator):
    draws = 0

    def uniform(self, *arguments: Any, **options: Any) -> Any:
        self.draws += 1
        return super().uniform(*arguments, **options)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [generate_scene(np.random.default_rng((0, index)), SIZE) for index in range(100)]


@pytest.fixture(scope="module")
def objects(scenes: list[Scene]) -> list[list[SingleObject]]:
    """The objects of the first thirty scenes."""
    return [single_objects(scene) for scene in scenes[:30]]


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", 2, 1, seed=3)
    write_sample(tmp_path / "b", 2, 1, seed=3)
    first = _files(tmp_path / "a")
    assert len(first) == 3 * 3 + 3
    assert first == _files(tmp_path / "b")


def test_another_seed_gives_other_images_and_labels(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", 1, 0, seed=0)
    write_sample(tmp_path / "b", 1, 0, seed=1)
    first, second = _files(tmp_path / "a"), _files(tmp_path / "b")
    for name in ("Ir/00000.png", "Vis/00000.png", "Annotation/00000.xml"):
        assert first[name] != second[name]


def test_an_image_does_not_depend_on_how_many_are_made(tmp_path: Path) -> None:
    write_sample(tmp_path / "few", 1, 1)
    write_sample(tmp_path / "many", 3, 2)
    few, many = _files(tmp_path / "few"), _files(tmp_path / "many")
    of_images = [name for name in few if name.split("/")[0] in ("Ir", "Vis", "Annotation")]
    assert len(of_images) == 6
    assert all(few[name] == many[name] for name in of_images)


def test_the_layout_is_read_as_pairs_of_the_requested_size(tmp_path: Path) -> None:
    write_sample(tmp_path, 2, 1, size=(200, 160))
    pairs = match_pairs(tmp_path / "Ir", tmp_path / "Vis")
    assert [pair.stem for pair in pairs] == ["00000", "00001", "00002"]
    infrared, visible = pairs[0].read()
    assert infrared.shape == (1, 160, 200)
    assert visible.shape == (3, 160, 200)
    assert not bool((visible[0] == visible[2]).all()), "the visible image has colour"
    assert (tmp_path / "splits" / "train.txt").read_text() == "00000\n00001\n"
    assert (tmp_path / "splits" / "test.txt").read_text() == "00002\n"


def test_the_xml_labels_equal_the_object_list(tmp_path: Path) -> None:
    write_sample(tmp_path, 3, 0)
    for stem, image in json.loads((tmp_path / "objects.json").read_text()).items():
        root = ElementTree.parse(tmp_path / "Annotation" / f"{stem}.xml").getroot()
        assert (root.findtext("size/width"), root.findtext("size/height")) == ("320", "256")
        labels = [
            (
                entry.findtext("name"),
                [int(entry.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")],
            )
            for entry in root.iter("object")
        ]
        assert labels == [(entry["class"], entry["box_xyxy"]) for entry in image["objects"]]
        assert 4 <= len(labels) <= 8


def test_every_light_every_class_and_every_visibility_is_common(scenes: list[Scene]) -> None:
    things = [thing for scene in scenes for thing in scene.things]
    assert {scene.light for scene in scenes} == {"day", "night", "fog"}
    for kind in KINDS:
        of_kind = [thing for thing in things if thing.kind == kind]
        assert len(of_kind) >= 0.07 * len(things), kind
        assert {thing.shown_by for thing in of_kind} == {"both", "infrared", "visible"}, kind
    for way, share in (("both", 0.4), ("infrared", 0.3), ("visible", 0.3)):
        assert sum(thing.shown_by == way for thing in things) / len(things) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("size", [SIZE, (640, 480)])
def test_boxes_lie_inside_the_image_and_fit_their_silhouettes(size: tuple[int, int]) -> None:
    for index in range(20):
        scene = generate_scene(np.random.default_rng((1, index)), size)
        for thing in scene.things:
            x0, y0, x1, y1 = box_of(thing, scene.camera)
            assert 0 <= x0 < x1 <= size[0]
            assert 0 <= y0 < y1 <= size[1]
            assert 14 <= (y1 - y0) * 256 / size[1] <= 130
            rows, columns = np.nonzero(mask_of(scene, thing))
            silhouette_box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert np.abs(np.subtract((x0, y0, x1, y1), silhouette_box)).max() <= 2


def test_objects_do_not_hide_each_other(scenes: list[Scene]) -> None:
    for scene in scenes:
        masks = [mask_of(scene, thing) for thing in scene.things]
        boxes = [box_of(thing, scene.camera) for thing in scene.things]
        for index, mask in enumerate(masks):
            nearer = np.any([np.zeros_like(mask), *masks[index + 1 :]], axis=0)
            assert (mask & nearer).sum() <= 0.3 * mask.sum()
            for other in boxes[index + 1 :]:
                assert _iou(boxes[index], other) <= 0.2


def test_a_street_without_room_for_all_objects_is_started_over() -> None:
    # The first objects of this scene leave so little room that keeping them would take 700 thousand draws.
    rng = CountedGenerator(np.random.PCG64(np.random.SeedSequence((0, 126))))
    assert len(generate_scene(rng, SIZE).things) >= 4
    assert rng.draws < 2000


def test_things_are_painted_from_far_to_near(scenes: list[Scene]) -> None:
    for scene in scenes:
        depths = [thing.z for thing in scene.things]
        assert depths == sorted(depths, reverse=True)


@pytest.mark.parametrize("shown_by", ["infrared", "visible"])
def test_what_one_camera_shows_the_other_does_not(objects: list[list[SingleObject]], shown_by: str) -> None:
    for each in chain.from_iterable(objects):
        if each.thing.shown_by == shown_by:
            in_infrared, in_visible = each.changes()
            shown, hidden = (in_infrared, in_visible) if shown_by == "infrared" else (in_visible, in_infrared)
            assert shown > 0.1, (each.thing, each.light)
            assert hidden < 0.005, (each.thing, each.light)


def test_what_both_cameras_show_changes_both_images(objects: list[list[SingleObject]]) -> None:
    for each in chain.from_iterable(objects[:15]):
        if each.thing.shown_by == "both":
            in_infrared, in_visible = each.changes()
            assert in_infrared > 0.1, (each.thing, each.light)
            assert in_visible > 0.03, (each.thing, each.light)


@pytest.mark.parametrize("fuse", [lambda a, b: (a + b) / 2, np.maximum], ids=["average", "maximum"])
def test_simple_fusion_keeps_what_either_camera_shows(objects: list[list[SingleObject]], fuse) -> None:
    for each in chain.from_iterable(objects):
        change = np.abs(fuse(*each.with_it) - fuse(*each.without))
        assert change.mean() > 0.06, (each.thing, each.light)


def _iou(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)
