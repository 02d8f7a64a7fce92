"""Find files by stem, the file name without suffix. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from unicodedata import category, normalize

from fusion.errors import InputError, first_few

IMAGE_SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
_CAMERA = re.compile(
    r"(?<=.)[_. -](ir|inf|infrared|lwir|thermal|previewdata|vi|vis|visible|rgb)$", re.IGNORECASE | re.DOTALL
)
_UNWRITABLE = ("Cc", "Cs")  # Unicode categories: control characters, and stand-ins for bytes that are no UTF-8


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Map stem to image file for the images directly inside `folder`, sorted by file name.

    Raises:
        InputError: the folder is missing or contains no image, or two files share a stem.
    """
    return files_by_stem(folder, IMAGE_SUFFIXES, "images")


def files_by_stem(folder: Path, suffixes: tuple[str, ...], what: str) -> dict[str, Path]:
    """Map stem to file for the files directly inside `folder`, sorted by file name; hidden files are skipped.

    Stems are those of `scene_name`, so that the files of a scene are found in all folders.

    Args:
        folder: the folder to list.
        suffixes: the suffixes to include, in lower case; files match in any case.
        what: the kind of files in the plural, for error messages.

    Raises:
        InputError: the folder is missing or contains no such file, two files share a stem, or a name holds line breaks
            or bytes that are no UTF-8, which no table could show.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (expected a folder of {what})")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if any(category(letter) in _UNWRITABLE for letter in path.name):
            raise InputError(f"{folder}: file name {path.name!a} cannot be written in tables. Try: rename the file")
        stem = scene_name(path.stem)
        if stem in found:
            raise InputError(f"{path}: same stem as {found[stem].name} (expected one file per stem)")
        found[stem] = path
    if not found:
        raise InputError(f"{folder}: no {what} found (expected files ending in {', '.join(suffixes)})")
    return found


def scene_name(stem: str) -> str:
    """Return the name that all files of a scene share.

    It is in Unicode's composed form, as some systems write ü as one character, others as u and two dots; and without
    the name of a camera at its end, as FLIR and others write it: ir, inf, infrared, lwir, thermal, previewdata, vi,
    vis, visible or rgb, in any case, after one of "_", "-", "." and a space.

    Example:
        >>> scene_name("FLIR_00001_RGB"), scene_name("FLIR_00001_PreviewData"), scene_name("0001-ir"), scene_name("rgb")
        ('FLIR_00001', 'FLIR_00001', '0001', 'rgb')
    """
    return _CAMERA.sub("", normalize("NFC", stem))


def require_same_stems(first: Iterable[str], first_dir: Path, second: Iterable[str], second_dir: Path) -> None:
    """Check that two folders contain the same stems.

    Raises:
        InputError: a stem of one folder is missing in the other; the message lists the first few.
    """
    first, second = set(first), set(second)
    for there, here, stems, others in ((first_dir, second_dir, first, second), (second_dir, first_dir, second, first)):
        if missing := sorted(stems - others):
            found = f"{len(missing)} of {len(stems)} stems of {there} missing: {first_few(missing)}"
            raise InputError(f"{here}: {found} (expected equal stems)")
