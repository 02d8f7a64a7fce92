import pytest

from downstream.datasets.folders import (
    divide_pairs,
    find_label_folder,
    find_mask_folder,
    find_pairs,
    require_undivided,
    split_folders,
)
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import make_folder, write_blank


@pytest.mark.parametrize(
    "names",
    [
        ("Vis", "Ir", "Annotation"),
        ("vi", "ir", "labels"),
        ("VISIBLE", "Infrared", "label"),
        ("Vi", "inf", "annotations"),
    ],
)
def test_folders_are_found_under_the_names_of_all_copies(tmp_path, names):
    make_folder(tmp_path, ["a"], names=names)
    (pair,) = find_pairs(tmp_path)
    assert pair.visible == tmp_path / names[0] / "a.png"
    assert pair.infrared == tmp_path / names[1] / "a.png"
    assert find_label_folder(tmp_path) == tmp_path / names[2]


def test_a_missing_folder_is_reported_with_what_was_found_and_expected(tmp_path):
    write_blank(tmp_path / "Vis" / "a.png")
    with pytest.raises(InputError, match=r"no infrared folder \(found Vis; expected one named ir or inf or"):
        find_pairs(tmp_path)
    with pytest.raises(InputError, match=r"no label folder \(found Vis; expected one named annotation or"):
        find_label_folder(tmp_path)


def test_two_matching_folders_are_both_reported(tmp_path):
    make_folder(tmp_path, ["a"])
    write_blank(tmp_path / "vi" / "a.png")
    with pytest.raises(InputError, match=r"several folders for the visible folder \(found Vis, vi; expected one"):
        find_pairs(tmp_path)


def test_an_empty_and_a_missing_root_are_input_errors(tmp_path):
    with pytest.raises(InputError, match=r"no infrared folder .found none; expected"):
        find_pairs(tmp_path)
    with pytest.raises(InputError, match="gone: no such folder"):
        find_pairs(tmp_path / "gone")


def test_train_test_and_val_folders_are_found_in_any_case(tmp_path):
    for name in ("Train", "test", "other"):
        (tmp_path / name).mkdir()
    assert split_folders(tmp_path) == {"train": tmp_path / "Train", "test": tmp_path / "test"}
    (tmp_path / "VAL").mkdir()
    assert split_folders(tmp_path)["val"] == tmp_path / "VAL"


def test_missing_split_folders_are_an_input_error(tmp_path):
    make_folder(tmp_path, ["a"])
    with pytest.raises(InputError, match=r"no train folder for split=folders .found Annotation, Ir, Vis; expected"):
        split_folders(tmp_path)


def test_a_divided_root_asks_for_split_folders(tmp_path):
    make_folder(tmp_path, ["a"])
    require_undivided(tmp_path, "random")
    make_folder(tmp_path / "both" / "train", ["a"])
    make_folder(tmp_path / "both" / "test", ["a"])
    with pytest.raises(
        InputError, match=r"already divided into train and test folders .*random.*Try: data.split=folders"
    ):
        require_undivided(tmp_path / "both", "random")


def test_folders_of_other_names_are_found_by_them(tmp_path):
    make_folder(tmp_path, ["a"], names=("PET", "MRI", "labels"))
    (pair,) = find_pairs(tmp_path, "mri", "PET")
    assert pair.infrared == tmp_path / "MRI" / "a.png"
    assert pair.visible == tmp_path / "PET" / "a.png"
    with pytest.raises(InputError, match=r"no infrared folder .*expected one named ct"):
        find_pairs(tmp_path, "CT", "PET")


def test_folders_train_and_val_are_refused_with_the_split_that_tests_on_val(tmp_path):
    for split in ("train", "val"):
        make_folder(tmp_path / split, [split])
    for wrong in ("folders", "random"):
        with pytest.raises(InputError, match=r"Try: data\.split=train_val"):
            divide_pairs(tmp_path, wrong, 0)
    found = divide_pairs(tmp_path, "train_val", 0)
    assert [dict(folder.split_of) for folder in found] == [{"train": "train"}, {"val": "test"}]


def test_splits_inside_the_camera_folders_are_found_like_cameras_inside_the_split_folders(tmp_path):
    for split, stem in (("train", "a"), ("test", "b")):
        for folder in ("Infrared", "visible", "Annotations"):
            write_blank(tmp_path / folder / split / f"{stem}.png")
    folders = split_folders(tmp_path)
    assert folders == {"train": tmp_path / "train", "test": tmp_path / "test"}
    (pair,) = find_pairs(folders["train"])
    assert pair.infrared == tmp_path / "Infrared" / "train" / "a.png"
    assert pair.visible == tmp_path / "visible" / "train" / "a.png"
    assert find_label_folder(folders["test"]) == tmp_path / "Annotations" / "test"
    with pytest.raises(InputError, match=r"test: no folder of label masks .found Annotations, Infrared, visible"):
        find_mask_folder(folders["test"])
    with pytest.raises(InputError, match=r"already divided .*Try: data.split=folders"):
        require_undivided(tmp_path, "random")


def test_train_and_val_inside_the_camera_folders_ask_for_train_val(tmp_path):
    for split in ("train", "Val"):
        for folder in ("ir", "vi"):
            write_blank(tmp_path / folder / split / "a.png")
    with pytest.raises(InputError, match=r"Try: data.split=train_val"):
        split_folders(tmp_path)
    assert split_folders(tmp_path, "train_val") == {"train": tmp_path / "train", "test": tmp_path / "Val"}
    assert find_pairs(tmp_path / "Val")[0].visible == tmp_path / "vi" / "Val" / "a.png"
