"""Find the image, label and split folders below a data folder, and divide its pairs into train, val and test.

Copies of a data set name their folders differently; the usual names are found in any case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from downstream.datasets.splitting import assign_splits
from fusion.errors import InputError
from fusion.images import Pair, match_pairs

if TYPE_CHECKING:
    from fusion.registration import Registration

FOLDERS = "folders"  # the split given by folders named train, test and maybe val
TRAIN_VAL = "train_val"  # the split given by folders named train and val, the latter of which is tested
_VISIBLE = ("vis", "vi", "visible")
_INFRARED = ("ir", "inf", "infrared")
_LABELS = ("annotation", "annotations", "labels", "label")
_MASKS = ("segmentation_labels", "masks", "segmentation")


class PairFolder(NamedTuple):
    """One folder of pairs and the split of each.

    Attributes:
        folder: contains the infrared, visible and label folders.
        pairs: all pairs of the folder, sorted by stem.
        split_of: train, val or test by stem; stems outside the split are missing.
    """

    folder: Path
    pairs: list[Pair]
    split_of: Mapping[str, str]

    @property
    def used(self) -> list[Pair]:
        """The pairs that belong to a split, sorted by stem."""
        return [pair for pair in self.pairs if pair.stem in self.split_of]


def divide_pairs(
    root: Path,
    split: str,
    seed: int,
    infrared: str = "",
    visible: str = "",
    registration: Registration | None = None,
) -> list[PairFolder]:
    """Find the pairs below `root` and assign them to train, val and test.

    Args:
        root: contains one infrared and one visible folder; for split `folders`, it contains train, test and maybe val
            folders of that form instead.
        split: `folders`; `train_val`, with folders train and val, whose pairs are tested; or a split of
            `assign_splits`.
        seed: of split `random`.
        infrared: name of the infrared folder, if it is not a usual one.
        visible: name of the visible folder, likewise.
        registration: of the two cameras, as `Pair` has it.

    Returns:
        One entry for `root`, or one for each split folder.

    Raises:
        InputError: a folder is missing or ambiguous, an image has no counterpart, a stem is in two folders, or
            `assign_splits` refuses the split.
    """
    if split not in (FOLDERS, TRAIN_VAL):
        require_undivided(root, split)
        pairs = find_pairs(root, infrared, visible, registration)
        return [PairFolder(root, pairs, assign_splits([pair.stem for pair in pairs], split, seed))]
    found: list[PairFolder] = []
    first: dict[str, Pair] = {}
    for name, folder in split_folders(root, split).items():
        pairs = find_pairs(folder, infrared, visible, registration)
        for pair in pairs:
            if pair.stem in first:
                raise InputError(f"{pair.visible}: same stem as {first[pair.stem].visible} (expected unique stems)")
            first[pair.stem] = pair
        found.append(PairFolder(folder, pairs, dict.fromkeys((pair.stem for pair in pairs), name)))
    return found


def require_pairs(root: Path, split: str, by_split: Mapping[str, Collection[object]], *names: str) -> None:
    """Check that each split in `names` has at least one pair.

    Args:
        root: the data folder, for the error message.
        split: how it was divided, likewise.
        by_split: the pairs of train, val and test.
        names: the splits that must not be empty.

    Raises:
        InputError: one of them is empty.
    """
    for name in names:
        if not by_split.get(name):
            raise InputError(f"{root}: split {split!r} leaves no pair for {name} (expected at least one)")


def split_folders(root: Path, split: str = FOLDERS) -> dict[str, Path]:
    """Find the folders train, test and, if present, val inside `root` (any case), in the order train, val, test.

    For split `train_val`, the folder val is that of the test pairs.

    Raises:
        InputError: train or test is missing, or a name occurs twice in different case.
    """
    present = {folder.name.lower() for folder in _subfolders(root)}
    if split == TRAIN_VAL:
        return {
            name: _subfolder(root, f"{folder} folder for split={split}", (folder,))
            for name, folder in (("train", "train"), ("test", "val"))
        }
    if {"train", "val"} <= present and "test" not in present:
        raise InputError(
            f"{root}: no test folder for split={split} (found train and val). "
            f"Try: data.split={TRAIN_VAL}, which tests on val"
        )
    names = ["train", "test"]
    if "val" in present:
        names.insert(1, "val")
    return {name: _subfolder(root, f"{name} folder for split=folders", (name,)) for name in names}


def require_undivided(root: Path, split: str) -> None:
    """Check that `root` does not contain train and test folders, so that `split` can divide its pairs.

    Raises:
        InputError: it contains both and no image folders.
    """
    names = {folder.name.lower() for folder in _subfolders(root)}
    if "train" in names and names & {"test", "val"} and not names & {*_VISIBLE, *_INFRARED}:
        raise InputError(
            f"{root}: already divided into train and test folders (found split={split!r}). "
            f"Try: data.split={FOLDERS if 'test' in names else TRAIN_VAL}"
        )


def find_pairs(
    folder: Path, infrared: str = "", visible: str = "", registration: Registration | None = None
) -> list[Pair]:
    """List the pairs of the infrared and the visible folder inside `folder`, sorted by stem.

    Their range of infrared levels is that of one image; that of a data set is known once all its folders are.

    Raises:
        InputError: as `find_pair_folders`, or an image has no counterpart.
    """
    return match_pairs(*find_pair_folders(folder, infrared, visible), "percentile", registration)


def find_pair_folders(folder: Path, infrared: str = "", visible: str = "") -> tuple[Path, Path]:
    """Find the infrared and the visible folder inside `folder`.

    Args:
        folder: where to look.
        infrared: name of the infrared folder (any case), if it is not a usual one.
        visible: name of the visible folder, likewise.

    Raises:
        InputError: one of the two is missing, or several folders match.
    """
    names = {
        "infrared": (infrared.lower(),) if infrared else _INFRARED,
        "visible": (visible.lower(),) if visible else _VISIBLE,
    }
    found = [_subfolder(folder, f"{camera} folder", of_camera) for camera, of_camera in names.items()]
    return found[0], found[1]


def find_label_folder(folder: Path) -> Path:
    """Find the label folder inside `folder`.

    Raises:
        InputError: it is missing, or several folders match.
    """
    return _subfolder(folder, "label folder", _LABELS)


def find_mask_folder(folder: Path, name: str = "") -> Path:
    """Find the folder of label masks inside `folder`; `name` (any case) is its name, if it is not a usual one.

    Raises:
        InputError: it is missing, or several folders match.
    """
    return _subfolder(folder, "folder of label masks", (name.lower(),) if name else _MASKS)


def _subfolder(root: Path, what: str, names: tuple[str, ...]) -> Path:
    folders = _subfolders(root)
    fitting = [folder for folder in folders if folder.name.lower() in names]
    if len(fitting) != 1:
        found = ", ".join(folder.name for folder in fitting or folders) or "none"
        problem = f"several folders for the {what}" if fitting else f"no {what}"
        raise InputError(f"{root}: {problem} (found {found}; expected one named {' or '.join(names)} in any case)")
    return fitting[0]


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        raise InputError(f"{root}: no such folder (expected one with infrared, visible and label folders)")
    return sorted(path for path in root.iterdir() if path.is_dir())
