"""The groups of charts on a page: precision and recall, training curves, and fusion metrics against the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from fusion.scoring import arrow
from pipelines.report.agreement import Agreement
from pipelines.report.html.charts import Chart, ChartGroup, Point, Series
from pipelines.rows import SOURCES

_UNIT = (0.0, 1.0)


def precision_recall(curves: Mapping[str, Mapping[str, Sequence[float]]], fusers: Sequence[str]) -> ChartGroup:
    """Plot precision against recall, for the mean over classes and for each class.

    Args:
        curves: by fuser and class, 101 precisions at recall 0, 0.01, ..., 1 (IoU threshold 0.5); a class without
            ground-truth boxes is absent.
        fusers: all fusers of the report, in order.
    """
    classes = dict.fromkeys(name for by_class in curves.values() for name in by_class)

    def series(fuser: str, precisions: Sequence[float]) -> Series:
        points = [Point(step / 100, precision, "") for step, precision in enumerate(precisions)]
        return Series(fuser, fusers.index(fuser), points, f"{fuser}, area {fmean(precisions):.3f}")

    mean = [
        series(fuser, [fmean(at_recall) for at_recall in zip(*by_class.values(), strict=True)])
        for fuser, by_class in curves.items()
        if by_class
    ]
    charts = [Chart("mean over classes", "recall", "precision", mean, _UNIT, _UNIT)]
    for name in classes:
        of_class = [series(fuser, by_class[name]) for fuser, by_class in curves.items() if name in by_class]
        charts.append(Chart(name, "recall", "precision", of_class, _UNIT, _UNIT))
    return ChartGroup("Precision and recall", charts, "A detection counts as correct at an IoU of 0.5 or more.")


def validation(curves: Mapping[str, Sequence[float]], fusers: Sequence[str]) -> ChartGroup:
    """Plot the validation mIoU by epoch, with a large dot at the best epoch of each fuser.

    Args:
        curves: by fuser, one value per epoch.
        fusers: all fusers of the report, in order.
    """
    by_epoch = {fuser: dict(enumerate(values, start=1)) for fuser, values in curves.items()}
    best = {fuser: values.index(max(values)) + 1 for fuser, values in curves.items()}
    chart = _by_epoch(by_epoch, fusers, "validation mIoU", best)
    return ChartGroup("Training", [chart], "The large dot marks the epoch whose weights are evaluated.")


def loss_by_epoch(losses: Mapping[str, Mapping[int, float]], fusers: Sequence[str]) -> ChartGroup:
    """Plot the training loss of the detector by epoch.

    Args:
        losses: by fuser and epoch.
        fusers: all fusers of the report, in order.
    """
    note = (
        "Sum of the detector's losses on the training images. If it still falls steeply at the end, train for more "
        "epochs."
    )
    return ChartGroup("Training", [_by_epoch(losses, fusers, "training loss", {})], note)


def _by_epoch(
    curves: Mapping[str, Mapping[int, float]], fusers: Sequence[str], quantity: str, marked: Mapping[str, int]
) -> Chart:
    """Plot `quantity` with an axis that starts at 0, and a large dot at the marked epoch of each fuser."""
    series = [
        Series(
            fuser,
            fusers.index(fuser),
            [
                Point(epoch, value, f"{fuser}, epoch {epoch}: {value:.3f}", epoch == marked.get(fuser))
                for epoch, value in values.items()
            ],
            fuser,
        )
        for fuser, values in curves.items()
    ]
    epochs = max((epoch for values in curves.values() for epoch in values), default=1)
    top = max((value for values in curves.values() for value in values.values()), default=1.0)
    return Chart(f"{quantity} by epoch", "epoch", quantity, series, (1, max(epochs, 2)), (0, 1.05 * top or 1))


def metrics_against_score(agreement: Agreement, fusers: Sequence[str]) -> ChartGroup:
    """Plot the score of the downstream network against each fusion metric, with one point per fuser.

    Args:
        agreement: metrics and scores.
        fusers: all fusers of the report, in order.
    """
    charts = []
    for metric in agreement.means:
        points = agreement.points(metric)
        rank = agreement.rank_correlation(metric)
        name = f"{metric} {arrow(agreement.convention, metric)}"
        series = [
            Series(
                fuser,
                fusers.index(fuser),
                [Point(x, y, f"{fuser}: {metric} {x:.4g}, {agreement.task_name} {y:.3f}")],
                line=False,
                hollow=fuser in SOURCES,
            )
            for fuser, (x, y) in points.items()
        ]
        title = name if rank is None else f"{name}, rank correlation {rank:+.2f}"
        charts.append(Chart(title, metric, agreement.task_name, series))
    return ChartGroup(
        f"Fusion metrics against {agreement.task_name}", charts, "Rings mark the two sources, which are not fusions."
    )
