import pytest

from downstream.datasets.folders import (
    find_label_folder,
    find_pairs,
    image_size,
    pair_size,
    require_undivided,
    split_folders,
)
from fusion.errors import InputError
from tests.downstream.detection.detection_scenes import make_folder, write_blank


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


def test_a_missing_folder_is_said_with_what_was_found_and_expected(tmp_path):
    write_blank(tmp_path / "Vis" / "a.png")
    with pytest.raises(
        InputError, match=r"found folders Vis; expected exactly one infrared folder, named ir or inf or"
    ):
        find_pairs(tmp_path)
    with pytest.raises(InputError, match=r"found folders Vis; expected exactly one label folder, named annotation or"):
        find_label_folder(tmp_path)


def test_two_folders_that_fit_are_both_named(tmp_path):
    make_folder(tmp_path, ["a"])
    write_blank(tmp_path / "vi" / "a.png")
    with pytest.raises(InputError, match=r"found folders Vis, vi; expected exactly one visible folder"):
        find_pairs(tmp_path)


def test_an_empty_and_a_missing_root_are_input_errors(tmp_path):
    with pytest.raises(InputError, match="found folders none; expected exactly one infrared"):
        find_pairs(tmp_path)
    with pytest.raises(InputError, match="gone: no such folder"):
        find_pairs(tmp_path / "gone")


def test_train_test_and_val_folders_are_found_in_any_case(tmp_path):
    for name in ("Train", "test", "other"):
        (tmp_path / name).mkdir()
    assert split_folders(tmp_path) == {"train": tmp_path / "Train", "test": tmp_path / "test"}
    (tmp_path / "VAL").mkdir()
    assert split_folders(tmp_path)["val"] == tmp_path / "VAL"


def test_split_folders_that_are_not_there_are_an_input_error(tmp_path):
    make_folder(tmp_path, ["a"])
    with pytest.raises(InputError, match="Annotation, Ir, Vis; expected exactly one train folder for split=folders"):
        split_folders(tmp_path)


def test_a_divided_root_asks_for_split_folders(tmp_path):
    make_folder(tmp_path, ["a"])
    require_undivided(tmp_path, "random")
    make_folder(tmp_path / "both" / "train", ["a"])
    make_folder(tmp_path / "both" / "test", ["a"])
    with pytest.raises(
        InputError, match="already divided into train and test folders; expected split=folders, not 'ran"
    ):
        require_undivided(tmp_path / "both", "random")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp"])
def test_the_size_of_an_image_is_width_and_height(tmp_path, suffix):
    write_blank(tmp_path / f"a{suffix}", (40, 30))
    assert image_size(tmp_path / f"a{suffix}") == (40, 30)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_an_input_error(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a.png: cannot be decoded as an image"):
        image_size(tmp_path / "a.png")


def test_a_pair_of_two_sizes_is_named_with_both(tmp_path):
    make_folder(tmp_path, ["a"])
    write_blank(tmp_path / "Ir" / "a.png", (30, 40))
    with pytest.raises(InputError, match=r"Ir/a.png: 30x40, but .*Vis/a.png is 40x30"):
        pair_size(find_pairs(tmp_path)[0])


def test_folders_of_other_names_are_found_by_them(tmp_path):
    make_folder(tmp_path, ["a"], names=("PET", "MRI", "labels"))
    (pair,) = find_pairs(tmp_path, "mri", "PET")
    assert pair.infrared == tmp_path / "MRI" / "a.png"
    assert pair.visible == tmp_path / "PET" / "a.png"
    with pytest.raises(InputError, match="expected exactly one infrared folder, named ct"):
        find_pairs(tmp_path, "CT", "PET")
