"""Score a folder of fused images against their source pairs, image by image; interrupted runs are resumed.

Importing this module does not import torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm import tqdm

from fusion.devices import choose_device
from fusion.errors import InputError, first_few
from fusion.images import Pair, images_by_stem
from fusion.interrupts import deferred_interrupt
from fusion.metrics import choose_metrics, measure
from fusion.scoring.cache import ScoreCache, Stamp, stamp

if TYPE_CHECKING:
    from torch import Tensor

_BATCH_IMAGES, _BATCH_PIXELS = 16, 5_000_000  # on a GPU: 16 images of 640x480, fewer if they are larger


class _Job(NamedTuple):
    pair: Pair
    fused: Path
    files: Stamp


_Scores = tuple[dict[str, float], dict[str, str]]  # values, and reasons for missing ones
_Measure = Callable[[Sequence[_Job], "Sequence[Tensor]"], list[_Scores]]
_Measured = Generator[tuple[_Job, _Scores], None, None]


@dataclass(frozen=True)
class ImageScores:
    """The values of one fused image by metric.

    Attributes:
        method: name of the fused images.
        image: stem of the pair.
        values: by metric; NaN where a metric is undefined or not measured.
        left_out: why an image of this size has no value, by metric, such as "a side below 176 pixels".
    """

    method: str
    image: str
    values: dict[str, float]
    left_out: dict[str, str] = field(default_factory=dict)


def score_folder(
    method: str,
    pairs: Sequence[Pair],
    fused_dir: Path,
    out_dir: Path,
    names: Sequence[str] | None = None,
    convention: str = "eif",
    device: str = "auto",
) -> list[ImageScores]:
    """Measure every fused image; scores that an earlier run measured on the same files are reused.

    All three images are converted to luma in the same way: `read_infrared` and `read_visible`, then 0.299 R + 0.587 G +
    0.114 B on floats, rounded to whole levels 0..255. On the CPU, images are measured in parallel, one per core; on a
    GPU, in batches of images of equal size. A metric that an image is too small for lacks only this value.

    Args:
        method: name of the fused images in the results, also used as a file name.
        pairs: from `match_pairs`.
        fused_dir: one image per pair, of equal stem and size; other images are ignored.
        out_dir: contains the cache `per_image/METHOD.json`, saved every 50 images and when the run ends or is
            interrupted. Scores are reused as long as convention, names, the metrics' code, and path, size and
            modification time of the three files do not change.
        names: metrics, as for `measure`; None for the suite of the convention.
        convention: "eif", "cddfuse", "vifb" or "clean".
        device: as for `choose_device`.

    Returns:
        One element per pair, in the order of `pairs`.

    Raises:
        InputError: unknown metric, convention or device; `method` cannot be a file name; a pair or fused image is
            missing, cannot be read or differs in size; `out_dir` cannot be written.
    """
    if not method or method.startswith(".") or any(sign in method for sign in "/\\\0"):
        raise InputError(f"method={method!r}: cannot be a file name (expected no slash and no leading dot)")
    chosen = choose_metrics(names, convention)

    import torch  # after the names are checked, so that an unknown metric is reported at once

    where = choose_device(device)
    fused = images_by_stem(fused_dir)
    if missing := [pair.stem for pair in pairs if pair.stem not in fused]:
        raise InputError(f"{fused_dir}: no fused image for {first_few(missing)} (expected one for every pair)")
    jobs = [_Job(pair, fused[pair.stem], _stamp(pair, fused[pair.stem])) for pair in pairs]
    cache = ScoreCache(out_dir / "per_image" / f"{method}.json", convention, [metric.name for metric in chosen])
    todo = [job for job in jobs if not cache.has(job.pair.stem, job.files)]

    def measure_batch(jobs: Sequence[_Job], levels: Sequence[Tensor]) -> list[_Scores]:
        reasons = {metric.name: metric.reason_to_leave_out(*levels[0].shape[-2:]) for metric in chosen}
        columns = {name: [math.nan] * len(jobs) for name in reasons}
        if fitting := [name for name, reason in reasons.items() if not reason]:
            infrared, visible, fused_y = torch.stack(list(levels), dim=1).to(where)  # (B, 1, H, W) each
            found = measure(infrared, visible, fused_y, fitting, convention)
            columns |= {name: values.tolist() for name, values in found.items()}
        left_out = {name: reason for name, reason in reasons.items() if reason}
        return [({name: column[index] for name, column in columns.items()}, left_out) for index in range(len(jobs))]

    threads = torch.get_num_threads()
    bar = tqdm(total=len(pairs), initial=len(pairs) - len(todo), desc=f"score {method}", unit="image")
    single = _in_order(lambda job: measure_batch([job], [_read(job)]), todo, threads)
    in_parallel = ((job, *found) for job, found in single)
    measured = in_parallel if where.type == "cpu" else _in_batches(todo, measure_batch, threads)
    # Before the worker threads start, which inherit it: one thread per image is faster than several threads per image.
    torch.set_num_threads(1)
    try:
        with deferred_interrupt() as stop_if_asked, bar, closing(measured):
            for job, scores in measured:
                cache.add(job.pair.stem, job.files, *scores)
                bar.update()
                stop_if_asked()
    finally:
        torch.set_num_threads(threads)
        cache.save()
    return [ImageScores(method, job.pair.stem, *cache.scores(job.pair.stem)) for job in jobs]


def _stamp(pair: Pair, fused: Path) -> Stamp:
    """Return what changes whenever a score may: stamps of the files, and how the pair is read."""
    return stamp(pair.infrared, pair.visible, fused) + ([[pair.reading]] if pair.reading else [])


def _in_batches(todo: Sequence[_Job], measure_batch: _Measure, threads: int) -> _Measured:
    """Measure batches of consecutive images of equal size, while threads read the next ones."""
    for (*_, height, width), run in groupby(
        _in_order(_read, todo, threads), key=lambda job_and_levels: job_and_levels[1].shape
    ):
        size = max(1, min(_BATCH_IMAGES, _BATCH_PIXELS // (height * width)))
        while batch := list(islice(run, size)):
            jobs, levels = zip(*batch, strict=True)
            yield from zip(jobs, measure_batch(jobs, levels), strict=True)


def _in_order(work: Callable[[_Job], Any], todo: Sequence[_Job], threads: int) -> Iterator[tuple[_Job, Any]]:
    """Run `work` in so many threads, a few items ahead; after an error or interrupt no further item is started."""
    workers = ThreadPoolExecutor(threads)
    running = [workers.submit(work, job) for job in todo[: 2 * threads]]
    try:
        for index, job in enumerate(todo):
            yield job, running.pop(0).result()
            running += [workers.submit(work, later) for later in todo[index + 2 * threads : index + 2 * threads + 1]]
    finally:
        workers.shutdown(cancel_futures=True)


def _read(job: _Job) -> Tensor:
    """Read infrared, visible and fused luma as whole grey levels, (3, 1, H, W) uint8."""
    import torch

    from fusion.images import luma, read_visible

    (infrared, visible), fused = job.pair.read(), read_visible(job.fused)
    if fused.shape != visible.shape:
        found, expected = (f"{image.shape[2]}x{image.shape[1]}" for image in (fused, visible))
        whose = f"{job.pair.visible}, registered" if job.pair.registration else f"{job.pair.visible}"
        raise InputError(f"{job.fused}: size differs from {whose} (found {found}, expected {expected})")
    return (torch.stack([infrared, luma(visible), luma(fused)]) * 255).round().to(torch.uint8)
