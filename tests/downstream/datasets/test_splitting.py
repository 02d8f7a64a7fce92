import logging
from collections import Counter
from itertools import pairwise

import pytest

from downstream.datasets.splitting import PUBLISHED, assign_splits, cut_validation, neighbour_leakage
from fusion.errors import InputError

M3FD = [f"{number:05d}" for number in range(4200)]


def grouped(assigned):
    return {split: [stem for stem in assigned if assigned[stem] == split] for split in ("train", "val", "test")}


PUBLISHED_NUMBERS = {  # train, val, test, leakage
    "scene_blocks": (3368, 0, 831, 0.05),
    "scene_runs": (2905, 0, 1295, 0.11),
    "interleaved": (2727, 633, 840, 0.97),
    "random_7030": (2940, 0, 1260, 0.91),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_splits_of_m3fd_have_their_published_sizes_and_leakage(name):
    *sizes, leakage = PUBLISHED_NUMBERS[name]
    stems = grouped(assign_splits(M3FD, name, seed=0))
    assert [len(stems[split]) for split in ("train", "val", "test")] == sizes
    assert neighbour_leakage(stems) == pytest.approx(leakage, abs=0.005)


def test_all_published_splits_are_found():
    assert PUBLISHED.keys() == PUBLISHED_NUMBERS.keys()


def test_an_image_in_no_list_is_left_out_and_logged(caplog):
    with caplog.at_level(logging.INFO):
        assigned = assign_splits(M3FD, "scene_blocks", seed=0)
    assert set(M3FD) - assigned.keys() == {"01300"}
    assert "1 images are in no list and left out: 01300" in caplog.text


def test_a_published_split_of_incomplete_data_suggests_a_random_one():
    with pytest.raises(
        InputError,
        match=r"train.txt: 3366 of 3368 ids have no image \(00002, .*Try: data.split=random for a part of a data set$",
    ):
        assign_splits(["00000", "00001", "00111"], "scene_blocks", seed=0)


@pytest.mark.parametrize(
    ("count", "train", "val", "test"),
    [(3, 1, 1, 1), (4, 2, 1, 1), (8, 6, 1, 1), (10, 8, 1, 1), (100, 80, 10, 10), (4200, 3360, 420, 420)],
)
def test_a_random_split_is_8_1_1_with_one_image_each_at_least(count, train, val, test):
    assigned = assign_splits(M3FD[:count], "random", seed=3)
    assert assigned.keys() == set(M3FD[:count])
    assert Counter(assigned.values()) == {"train": train, "val": val, "test": test}


def test_a_random_split_depends_on_the_seed_and_not_on_the_order():
    first = assign_splits(M3FD[:50], "random", seed=1)
    assert assign_splits(M3FD[:50][::-1], "random", seed=1) == first
    assert assign_splits(M3FD[:50], "random", seed=2) != first


def test_two_images_are_too_few_for_a_random_split():
    with pytest.raises(InputError, match="split 'random': found 2 images, expected at least 3"):
        assign_splits(["a", "b"], "random", seed=0)


def lists(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return str(folder)


def test_a_folder_of_lists_splits_with_and_without_val(tmp_path):
    folder = lists(tmp_path, train="a\nb\n\n", test="c \r\n")
    assert assign_splits("abcd", folder, seed=0) == {"a": "train", "b": "train", "c": "test"}
    lists(tmp_path, val="d")
    assert assign_splits("abcd", folder, seed=0) == {"a": "train", "b": "train", "c": "test", "d": "val"}


def test_a_listed_image_that_is_missing_is_reported(tmp_path):
    folder = lists(tmp_path, train="a\nx\n", test="b")
    with pytest.raises(InputError, match=r"train.txt: 1 of 2 ids have no image \(x\)\."):
        assign_splits("ab", folder, seed=0)


def test_an_image_in_two_lists_is_reported(tmp_path):
    folder = lists(tmp_path, train="a\nb", test="b")
    with pytest.raises(InputError, match=r"test.txt: 1 ids are also in train.txt \(b\)"):
        assign_splits("ab", folder, seed=0)


def test_a_folder_without_a_test_list_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"test.txt: cannot be read as text .*expected one stem per line"):
        assign_splits("ab", lists(tmp_path, train="a"), seed=0)


def test_a_misspelt_split_is_suggested_and_listed():
    with pytest.raises(InputError, match=r"unknown split 'scene_block'. Did you mean 'scene_blocks'\? Known: folders,"):
        assign_splits("abc", "scene_block", seed=0)


def test_leakage_counts_test_images_next_to_train_and_val_images():
    stems = {"train": ["00004N", "00010D"], "val": ["00020D"], "test": ["00005D", "00006N", "00009N", "00021D"]}
    assert neighbour_leakage(stems) == 0.75


@pytest.mark.parametrize("stems", [{"train": ["1"], "test": ["FLIR_2"]}, {"train": ["1", "x"], "test": ["2"]}, {}])
def test_leakage_is_unknown_if_a_stem_is_not_a_number(stems):
    assert neighbour_leakage(stems) is None


@pytest.mark.parametrize(("count", "expected"), [(2, 1), (4, 1), (15, 2), (100, 10), (1083, 108)])
def test_a_tenth_of_the_training_images_is_held_out_in_a_few_runs(count, expected):
    stems = [f"{number:05d}" for number in range(count)]
    chosen = sorted(map(int, cut_validation(stems)))
    assert len(chosen) == expected
    assert 0 < len(set(stems) - cut_validation(stems)) == count - expected
    breaks = sum(second - first > 1 for first, second in pairwise(chosen))
    assert breaks == min(5, expected) - 1
    assert cut_validation(stems[::-1]) == cut_validation(stems)


def test_validation_runs_are_spread_over_the_drive():
    chosen = sorted(map(int, cut_validation([f"{number:05d}" for number in range(1000)])))
    assert [number // 200 for number in chosen] == [k for k in range(5) for _ in range(20)]


def test_a_single_image_cannot_be_held_out():
    with pytest.raises(InputError, match="found 1 training images, expected at least 2"):
        cut_validation(["00001"])
