"""Find the images and labels of a data set on disk, whatever its copy calls the folders."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets.image_files import opened_image
from fusion.errors import InputError
from fusion.images import Pair, match_pairs

_VISIBLE = ("vis", "vi", "visible")
_INFRARED = ("ir", "inf", "infrared")
_LABELS = ("annotation", "annotations", "labels", "label")
_MASKS = ("segmentation_labels", "masks", "segmentation")


def split_folders(root: Path) -> dict[str, Path]:
    """Map train, test and maybe val to the folders of `root` with these names (any case).

    Raises:
        InputError: train or test is missing.
    """
    names = ["train", "test"]
    if any(folder.name.lower() == "val" for folder in _subfolders(root)):
        names.insert(1, "val")
    return {name: _subfolder(root, f"{name} folder for split=folders", (name,)) for name in names}


def require_undivided(root: Path, split: str) -> None:
    """Check that `root` is not divided into train and test folders, so that `split` can divide it.

    Raises:
        InputError: it is; the message tells to choose split=folders.
    """
    names = {folder.name.lower() for folder in _subfolders(root)}
    if {"train", "test"} <= names and not names & {*_VISIBLE, *_INFRARED}:
        raise InputError(f"{root}: already divided into train and test folders; expected split=folders, not {split!r}")


def find_pairs(folder: Path, infrared: str = "", visible: str = "") -> list[Pair]:
    """List the pairs of the one infrared and the one visible folder inside `folder`, sorted by stem.

    Raises:
        InputError: as `find_pair_folders`, or images have no partner.
    """
    return match_pairs(*find_pair_folders(folder, infrared, visible))


def find_pair_folders(folder: Path, infrared: str = "", visible: str = "") -> tuple[Path, Path]:
    """Give the one infrared and the one visible folder inside `folder`.

    `infrared` and `visible` name the two folders (any case) where copies of data sets do not call them that way.

    Raises:
        InputError: one of the two is missing or there are several.
    """
    names = {
        "infrared": (infrared.lower(),) if infrared else _INFRARED,
        "visible": (visible.lower(),) if visible else _VISIBLE,
    }
    found = [_subfolder(folder, f"{camera} folder", of_camera) for camera, of_camera in names.items()]
    return found[0], found[1]


def find_label_folder(folder: Path) -> Path:
    """Give the one label folder inside `folder`.

    Raises:
        InputError: it is missing or there are several.
    """
    return _subfolder(folder, "label folder", _LABELS)


def find_mask_folder(folder: Path, name: str = "") -> Path:
    """Give the one folder of label masks inside `folder`, called `name` (any case) where copies call it differently.

    Raises:
        InputError: it is missing or there are several.
    """
    return _subfolder(folder, "folder of label masks", (name.lower(),) if name else _MASKS)


def image_size(path: Path) -> tuple[int, int]:
    """Read width and height from the header of an image, without decoding its pixels.

    Raises:
        InputError: the file is missing or no image.
    """
    with opened_image(path, "an image") as image:
        return image.size


def pair_size(pair: Pair) -> tuple[int, int]:
    """Read width and height of a pair from the headers of its images.

    Raises:
        InputError: an image cannot be decoded, or the two sizes differ.
    """
    infrared, visible = image_size(pair.infrared), image_size(pair.visible)
    if infrared != visible:
        raise InputError(
            f"{pair.infrared}: {infrared[0]}x{infrared[1]}, but {pair.visible} is {visible[0]}x{visible[1]}; "
            "the two images of a pair must be registered and of one size"
        )
    return infrared


def _subfolder(root: Path, what: str, names: tuple[str, ...]) -> Path:
    folders = _subfolders(root)
    fitting = [folder for folder in folders if folder.name.lower() in names]
    if len(fitting) != 1:
        found = ", ".join(folder.name for folder in fitting or folders) or "none"
        raise InputError(
            f"{root}: found folders {found}; expected exactly one {what}, named {' or '.join(names)} (any case)"
        )
    return fitting[0]


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected infrared, visible and label folders in it")
    return sorted(path for path in root.iterdir() if path.is_dir())
