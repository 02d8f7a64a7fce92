from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from downstream.datasets.masks import read_mask
from fusion.errors import InputError
from fusion.images.pairs import match_pairs
from pipelines.sample import ONLY_SHOWN_BY, sample_split, write_sample
from pipelines.sample.generation import generate_scene
from pipelines.sample.layouts import class_mask
from pipelines.sample.objects import box_of
from pipelines.sample.scene import Scene
from pipelines.sample.streets import MSRS_CLASSES, MSRS_STREET
from tests.pipelines.sample.single_objects import SingleObject, mask_of, single_objects

SIZE = (320, 256)
FOLDERS = ("Segmentation_labels", "ir", "vi")


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [generate_scene(np.random.default_rng((0, index)), SIZE, MSRS_STREET) for index in range(100)]


@pytest.fixture(scope="module")
def objects(scenes: list[Scene]) -> list[list[SingleObject]]:
    """The objects of the first twenty scenes."""
    return [single_objects(scene) for scene in scenes[:20]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("msrs")
    write_sample(root, 6, 3, layout="msrs")
    return root


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_names_and_sizes_are_those_of_msrs(sample: Path) -> None:
    lights = {stem: image["light"] for stem, image in json.loads((sample / "objects.json").read_text()).items()}
    assert {path.name for path in sample.iterdir()} == {"train", "test", "objects.json"}
    assert [stem[:5] for stem in lights] == [f"{index:05d}" for index in range(9)]
    assert all(stem[5:] == ("N" if light == "night" else "D") for stem, light in lights.items())
    for split, stems in (("train", list(lights)[:6]), ("test", list(lights)[6:])):
        assert sorted(path.name for path in (sample / split).iterdir()) == sorted(FOLDERS)
        pairs = match_pairs(sample / split / "ir", sample / split / "vi")
        assert [pair.stem for pair in pairs] == stems
        for pair in pairs:
            infrared, visible = pair.read()
            assert infrared.shape == (1, 256, 320)
            assert visible.shape == (3, 256, 320)
            label = read_mask(sample / split / "Segmentation_labels" / f"{pair.stem}.png", MSRS_CLASSES)
            assert label.shape == (256, 320)
            assert label.max() <= 8


def test_images_and_masks_have_the_requested_size(tmp_path: Path) -> None:
    write_sample(tmp_path, 1, 0, size=(200, 160), layout="msrs")
    (pair,) = match_pairs(tmp_path / "train" / "ir", tmp_path / "train" / "vi")
    assert [tuple(image.shape) for image in pair.read()] == [(1, 160, 200), (3, 160, 200)]
    label = read_mask(tmp_path / "train" / "Segmentation_labels" / f"{pair.stem}.png", MSRS_CLASSES)
    assert label.shape == (160, 200)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "same", 6, 3, layout="msrs")
    write_sample(tmp_path / "other", 6, 3, seed=1, layout="msrs")
    first = _files(sample)
    assert len(first) == 9 * 3 + 1
    assert first == _files(tmp_path / "same")
    assert not set(first.values()) & set(_files(tmp_path / "other").values())


def test_the_split_is_inferred_from_the_files(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, 1, 1, layout="m3fd")
    assert sample_split(sample) == "folders"
    assert sample_split(tmp_path) == str(tmp_path / "splits")


def test_an_unknown_layout_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown layout 'msr'\. Did you mean 'msrs'\? Known: m3fd, msrs"):
        write_sample(tmp_path, 1, 0, layout="msr")
    assert list(tmp_path.iterdir()) == []


def test_the_object_list_holds_the_classes_of_the_mask(sample: Path) -> None:
    for stem, image in json.loads((sample / "objects.json").read_text()).items():
        (path,) = sample.glob(f"*/Segmentation_labels/{stem}.png")
        listed = {entry["class"] for entry in image["objects"]}
        assert {MSRS_CLASSES[number] for number in np.unique(read_mask(path, MSRS_CLASSES))} == {"background", *listed}


def test_every_class_is_large_enough_in_many_scenes(scenes: list[Scene]) -> None:
    areas = np.array([np.bincount(class_mask(scene).ravel(), minlength=9) for scene in scenes])
    for name, of_class in zip(MSRS_CLASSES, areas.T, strict=True):
        assert (of_class > 0).mean() >= 0.4, name
        assert of_class[of_class > 0].mean() >= 500, name
        assert of_class[of_class > 0].min() >= 120, name


def test_every_light_is_common_and_a_scene_has_six_to_ten_objects(scenes: list[Scene]) -> None:
    lights = [scene.light for scene in scenes]
    assert min(lights.count(light) for light in ("day", "night", "fog")) >= 15
    assert all(6 <= len(scene.things) <= 10 for scene in scenes)


def test_objects_lie_inside_the_image_and_do_not_hide_each_other(scenes: list[Scene]) -> None:
    for scene in scenes:
        masks = [mask_of(scene, thing) for thing in scene.things]
        for index, (thing, mask) in enumerate(zip(scene.things, masks, strict=True)):
            x0, y0, x1, y1 = box_of(thing, scene.camera)
            assert 0 <= x0 < x1 <= SIZE[0]
            assert 0 <= y0 < y1 <= SIZE[1]
            nearer = np.any([np.zeros_like(mask), *masks[index + 1 :]], axis=0)
            assert (mask & nearer).sum() <= 0.3 * mask.sum()


def test_a_nearer_object_covers_a_farther_one_in_the_mask(scenes: list[Scene]) -> None:
    overlaps = 0
    for scene in scenes:
        mask, things = class_mask(scene), scene.things
        assert [thing.z for thing in things] == sorted((thing.z for thing in things), reverse=True)
        covered = np.zeros_like(mask, bool)
        for thing in things[::-1]:
            own = mask_of(scene, thing)
            assert (mask[own & ~covered] == MSRS_CLASSES.index(thing.kind)).all()
            overlaps += int((own & covered).any())
            covered |= own
        assert (mask[~covered] == 0).all()
    assert overlaps > 20


def test_a_class_is_shown_by_the_cameras_that_the_sample_promises(scenes: list[Scene]) -> None:
    assert ONLY_SHOWN_BY == {
        "person": "infrared",
        "guardrail": "infrared",
        "color_cone": "visible",
        "curve": "visible",
        "bump": "visible",
    }
    things = [thing for scene in scenes for thing in scene.things]
    for kind in MSRS_CLASSES[1:]:
        ways = {thing.shown_by for thing in things if thing.kind == kind}
        assert ways == ({ONLY_SHOWN_BY[kind]} if kind in ONLY_SHOWN_BY else {"both", "infrared", "visible"}), kind


def test_an_object_changes_the_image_of_the_camera_that_shows_it_and_no_other(
    objects: list[list[SingleObject]],
) -> None:
    for each in chain.from_iterable(objects):
        for camera, change in zip(("infrared", "visible"), each.changes(), strict=True):
            if each.thing.shown_by == camera:
                assert change > 0.1, (each.thing, each.light)
            elif each.thing.shown_by == "both":
                assert change > (0.1 if camera == "infrared" else 0.03), (each.thing, each.light)
            else:
                assert change < 0.005, (each.thing, each.light)


@pytest.mark.parametrize("fuse", [lambda a, b: (a + b) / 2, np.maximum], ids=["average", "maximum"])
def test_simple_fusion_keeps_what_either_camera_shows(objects: list[list[SingleObject]], fuse) -> None:
    for each in chain.from_iterable(objects):
        change = np.abs(fuse(*each.with_it) - fuse(*each.without))
        assert change.mean() > 0.06, (each.thing, each.light)
