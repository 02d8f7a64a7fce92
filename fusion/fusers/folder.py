"""Fuse all pairs of two folders into a third one; a run that was cut off goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torch import Tensor
from tqdm import tqdm

from fusion.errors import InputError
from fusion.fusers.fuser import Fuser
from fusion.fusers.pair import fuse_stored
from fusion.images import Pair, StoredImage, write_levels
from fusion.interrupts import deferred_interrupt
from fusion.storage import read_json, write_json

RECORD = "fusion.json"
LARGE = 2**24  # pixels; larger pairs have the memory for themselves: none is read or written meanwhile


def fuse_folder(fuser: Fuser, pairs: Sequence[Pair], out_dir: Path, made_by: dict[str, Any]) -> int:
    """Fuse every pair into `out_dir/<stem>.png`; images that are there and newer than their sources are kept.

    Args:
        fuser: from `build_fuser`.
        pairs: from `match_pairs`.
        out_dir: is made if needed.
        made_by: what identifies the fuser, such as name, options and weights; JSON values. It is kept in
            `out_dir/fusion.json`, so that a folder never mixes the images of two fusers.

    Returns:
        How many pairs were fused now.

    Raises:
        InputError: a pair cannot be read, the folder cannot be written or holds the images of another fuser.
    """
    _claim(out_dir, made_by)
    todo = [pair for pair in pairs if not _is_done(pair, out_dir)]
    what = f"fuse {made_by.get('fuser', out_dir.name)}"
    bar = tqdm(total=len(pairs), initial=len(pairs) - len(todo), desc=what, unit="pair")
    with deferred_interrupt() as stop_if_asked, bar, ThreadPoolExecutor(2) as workers:
        writing: list[Future[None]] = []
        for pair, (infrared, visible) in zip(todo, _read_ahead(todo, workers), strict=True):
            fused = out_dir / f"{pair.stem}.png"
            writing.append(workers.submit(write_levels, fused, fuse_stored(fuser, infrared, visible)))
            while len(writing) > (0 if _is_large(infrared) else 1):
                writing.pop(0).result()
            bar.update()
            stop_if_asked()
        for done in writing:
            done.result()
    return len(todo)


def _claim(out_dir: Path, made_by: dict[str, Any]) -> None:
    record = out_dir / RECORD
    if not any(out_dir.glob("*.png")):
        write_json(record, made_by)
    elif not record.exists():
        raise InputError(f"{out_dir}: holds images but no {RECORD} that tells what made them; choose another folder")
    elif (earlier := read_json(record)) != made_by:
        raise InputError(f"{out_dir}: holds images made by {earlier}, not by {made_by}; choose another folder")


def _is_done(pair: Pair, out_dir: Path) -> bool:
    fused = out_dir / f"{pair.stem}.png"
    if not fused.exists():
        return False
    sources_changed = max(pair.infrared.stat().st_mtime_ns, pair.visible.stat().st_mtime_ns)
    return fused.stat().st_mtime_ns >= sources_changed


def _read_ahead(pairs: Sequence[Pair], workers: ThreadPoolExecutor) -> Iterator[tuple[Tensor, StoredImage]]:
    """Read pairs in order, the next one while the last one is fused and written, unless that is large."""
    following: Future[tuple[Tensor, StoredImage]] | None = None
    for index, pair in enumerate(pairs, start=1):
        images = following.result() if following else pair.read_stored()
        go_on = index < len(pairs) and not _is_large(images[0])
        following = workers.submit(pairs[index].read_stored) if go_on else None
        yield images


def _is_large(image: Tensor) -> bool:
    return image.shape[-2] * image.shape[-1] > LARGE
