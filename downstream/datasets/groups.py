"""Group images that look alike: runs of consecutive frames, or what a pattern finds in their names.

Frames of one drive are not independent. Folds keep groups together, and intervals are computed from whole groups.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from fusion.errors import InputError, first_few

_FEWEST, _MOST, _LENGTH = 8, 20, 25  # runs of frames; and the length that correlated frames need
_RUNS_PER_FOLD, _SHORTEST = 4, 10


def require_pattern(pattern: str) -> None:
    """Check that a pattern of `group_images` is a regular expression.

    Raises:
        InputError: it is not.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise InputError(f"data.groups={pattern!r}: not a regular expression ({error})") from error


def group_images(stems: Sequence[str], pattern: str = "") -> list[int]:
    r"""Number the groups of images that are drawn together when an interval is computed.

    Args:
        stems: of I images.
        pattern: a regular expression that finds the name of the group in a stem, in its first pair of parentheses if
            it has any. "" cuts the images, in the order of their names, into runs of equal length: about I/25, but at
            least 8 and at most 20.

    Returns:
        I group numbers from 0, in the order of the first image of each group by name.

    Raises:
        InputError: the pattern finds nothing in a stem.

    Example:
        >>> group_images(["drive2_0001", "drive1_0001", "drive2_0002"], r"drive\d+")
        [1, 0, 1]
        >>> group_images([f"{number:02d}" for number in range(16)])
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    """
    if pattern:
        return _named(stems, pattern)
    return _runs(stems, min(_MOST, max(_FEWEST, len(stems) // _LENGTH)))


def assign_folds(stems: Sequence[str], folds: int, pattern: str = "") -> list[int]:
    """Assign every image to one of K folds of nearly equal size, such that a group stays in one fold.

    Args:
        stems: of the images.
        folds: K, at least 2.
        pattern: as for `group_images`; "" cuts the images, in the order of their names, into up to four runs of at
            least ten frames per fold, and deals these out in turn, so that a fold is not one drive alone.

    Returns:
        The fold of every image, 1..K.

    Raises:
        InputError: fewer groups than folds, or the pattern finds nothing in a stem.

    Example:
        >>> assign_folds(["a1", "a2", "b1", "c1"], 2, "[abc]")
        [1, 1, 2, 2]
    """
    runs = folds * min(_RUNS_PER_FOLD, max(1, len(stems) // (folds * _SHORTEST)))
    groups = _named(stems, pattern) if pattern else _runs(stems, runs)
    members = Counter(groups)
    count = len(members)
    if count < folds:
        what = f"groups (data.groups={pattern!r})" if pattern else "labelled pairs"
        raise InputError(f"data.folds={folds}: more folds than {what} (found {count}). Try: data.folds={count}")
    if not pattern:
        return [group % folds + 1 for group in groups]
    sizes, fold_of = [0] * folds, dict[int, int]()
    for group in sorted(members, key=lambda group: (-members[group], group)):
        smallest = sizes.index(min(sizes))
        fold_of[group] = smallest + 1
        sizes[smallest] += members[group]
    return [fold_of[group] for group in groups]


def _named(stems: Sequence[str], pattern: str) -> list[int]:
    found = [re.search(pattern, stem) for stem in stems]
    if missing := [stem for stem, match in zip(stems, found, strict=True) if not match or not _key(match)]:
        raise InputError(
            f"data.groups={pattern!r}: names no group in {len(missing)} of {len(stems)} images ({first_few(missing)})"
        )
    keys = [_key(match) for match in found if match]
    order = {key: number for number, key in enumerate(dict.fromkeys(keys[place] for place in _in_order(stems)))}
    return [order[key] for key in keys]


def _key(match: re.Match[str]) -> str:
    return (match[1] if match.re.groups else match[0]) or ""


def _runs(stems: Sequence[str], runs: int) -> list[int]:
    count = min(runs, len(stems))
    groups = [0] * len(stems)
    for rank, place in enumerate(_in_order(stems)):
        groups[place] = rank * count // len(stems)
    return groups


def _in_order(stems: Sequence[str]) -> list[int]:
    """Return the places of the stems in the order of their names, numbers by value: frame2 before frame10."""
    parts = [[int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", stem)] for stem in stems]
    return sorted(range(len(stems)), key=lambda place: (parts[place], stems[place]))
