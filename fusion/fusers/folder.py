"""Fuse all pairs of two folders into a third one; an interrupted run can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torch import Tensor
from tqdm import tqdm

from fusion.errors import InputError, naming
from fusion.fusers.fuser import Fuser
from fusion.fusers.pair import fuse_encoded
from fusion.images import EncodedImage, Pair, write_levels
from fusion.interrupts import deferred_interrupt
from fusion.storage import Fingerprints, read_json, unwritable, write_json

RECORD, SOURCES = "fusion.json", "sources.json"
LARGE = 2**24  # pixels: while a larger pair is fused, no other is read or written, to save memory


def fuse_folder(fuser: Fuser, pairs: Sequence[Pair], out_dir: Path, made_by: dict[str, Any]) -> int:
    """Fuse every pair into `out_dir/<stem>.png`; existing images of the same sources, and newer than these, are kept.

    Reading, fusing and writing overlap. Ctrl-C takes effect between two pairs; the next call continues from there.

    Args:
        fuser: from `build_fuser`.
        pairs: from `match_pairs`.
        out_dir: the output folder, created if missing.
        made_by: JSON values that identify the fuser, such as its name, options and hashes of its weights. They are
            saved as `out_dir/fusion.json`, so that a folder never mixes the images of two fusers. What they are made
            from is in `out_dir/sources.json`: a hash of the contents of every pair, and how it is read.

    Returns:
        The number of pairs fused by this call.

    Raises:
        InputError: a pair cannot be read, the folder cannot be written, or it contains images of another fuser.
        FuserError: the fuser fails on a pair, which the message names.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    _claim(out_dir, made_by)
    todo = _claim_sources(out_dir, pairs)
    what = f"fuse {made_by.get('fuser', out_dir.name)}"
    bar = tqdm(total=len(pairs), initial=len(pairs) - len(todo), desc=what, unit="pair")
    with deferred_interrupt() as stop_if_asked, bar, ThreadPoolExecutor(2) as workers:
        writing: list[Future[None]] = []
        for pair, (infrared, visible) in zip(todo, _read_ahead(todo, workers), strict=True):
            fused = out_dir / f"{pair.stem}.png"
            with naming(f"image {pair.stem}"):
                levels = fuse_encoded(fuser, infrared, visible)
            writing.append(workers.submit(write_levels, fused, levels))
            while len(writing) > (0 if _is_large(infrared) else 1):
                writing.pop(0).result()
            bar.update()
            stop_if_asked()
        for done in writing:
            done.result()
    return len(todo)


def _claim(out_dir: Path, made_by: dict[str, Any]) -> None:
    """Record in `out_dir` what its images are made by, or check that an earlier record is the same."""
    record = out_dir / RECORD
    if not any(out_dir.glob("*.png")):
        write_json(record, made_by)
    elif not record.exists():
        raise InputError(f"{out_dir}: contains images of unknown origin (no {RECORD}). Try: another output folder")
    elif (earlier := read_json(record)) != made_by:
        raise InputError(
            f"{out_dir}: contains images of another fuser (found {earlier}, expected {made_by}). "
            "Try: another output folder"
        )


def _claim_sources(out_dir: Path, pairs: Sequence[Pair]) -> list[Pair]:
    """Record in `out_dir` what its images are made from, and return the pairs whose image is missing or out of date.

    Images of other sources are deleted before the record says that they are of these.
    """
    record, fingerprints = out_dir / SOURCES, Fingerprints()
    earlier = read_json(record) if record.exists() else {}
    checking = tqdm(pairs, desc="check sources", unit="pair", leave=False, delay=5)
    sources = {pair.stem: _source(pair, fingerprints) for pair in checking}
    for stem in sources:
        if sources[stem] != earlier.get(stem):
            _delete(out_dir / f"{stem}.png")
    if not sources.items() <= earlier.items():
        write_json(record, {**earlier, **sources})
    return [pair for pair in pairs if not _is_done(pair, out_dir)]


def _source(pair: Pair, fingerprints: Fingerprints) -> str:
    """Identify what an image is fused from: the contents of its pair, and how they are read."""
    return " ".join(filter(None, (fingerprints.of_all((pair.infrared, pair.visible)), pair.reading)))


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _is_done(pair: Pair, out_dir: Path) -> bool:
    fused = out_dir / f"{pair.stem}.png"
    if not fused.exists():
        return False
    sources_changed = max(pair.infrared.stat().st_mtime_ns, pair.visible.stat().st_mtime_ns)
    return fused.stat().st_mtime_ns >= sources_changed


def _read_ahead(pairs: Sequence[Pair], workers: ThreadPoolExecutor) -> Iterator[tuple[Tensor, EncodedImage]]:
    """Read pairs in order; unless a pair is large, read the next one while it is fused and written."""
    following: Future[tuple[Tensor, EncodedImage]] | None = None
    for index, pair in enumerate(pairs, start=1):
        images = following.result() if following else pair.read_encoded()
        go_on = index < len(pairs) and not _is_large(images[0])
        following = workers.submit(pairs[index].read_encoded) if go_on else None
        yield images


def _is_large(image: Tensor) -> bool:
    return image.shape[-2] * image.shape[-1] > LARGE
