"""Which charts a page shows of what a pipeline measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from fusion.scoring import arrow
from pipelines.report.agreement import Agreement
from pipelines.report.html.charts import Chart, ChartGroup, Point, Series
from pipelines.rows import SOURCES

_UNIT = (0.0, 1.0)


def precision_recall(curves: Mapping[str, Mapping[str, Sequence[float]]], fusers: Sequence[str]) -> ChartGroup:
    """Chart precision against recall: the mean over classes, then every class.

    Args:
        curves: fuser -> class -> 101 precisions at recall 0, .01, .., 1 (IoU .5); a class without true boxes is absent.
        fusers: all of the report, in its order.
    """
    classes = dict.fromkeys(name for by_class in curves.values() for name in by_class)

    def series(fuser: str, precisions: Sequence[float]) -> Series:
        points = [Point(step / 100, precision, "") for step, precision in enumerate(precisions)]
        return Series(fuser, fusers.index(fuser), points, f"{fuser}, area {fmean(precisions):.3f}")

    mean = [
        series(fuser, [fmean(at) for at in zip(*by_class.values(), strict=True)])
        for fuser, by_class in curves.items()
        if by_class
    ]
    charts = [Chart("mean over classes", "recall", "precision", mean, _UNIT, _UNIT)]
    for name in classes:
        of_class = [series(fuser, by_class[name]) for fuser, by_class in curves.items() if name in by_class]
        charts.append(Chart(name, "recall", "precision", of_class, _UNIT, _UNIT))
    return ChartGroup("Precision and recall", charts, "A detection counts as right from an IoU of .5 on.")


def validation(curves: Mapping[str, Sequence[float]], fusers: Sequence[str]) -> ChartGroup:
    """Chart mIoU of the validation images by epoch; the best epoch of each fuser is a large dot.

    Args:
        curves: by fuser, one value per epoch from the first on.
        fusers: all of the report, in its order.
    """
    by_epoch = {fuser: dict(enumerate(values, start=1)) for fuser, values in curves.items()}
    best = {fuser: values.index(max(values)) + 1 for fuser, values in curves.items()}
    chart = _by_epoch(by_epoch, fusers, "validation mIoU", best)
    return ChartGroup("Training", [chart], "The large dot is the epoch whose weights are scored.")


def loss_by_epoch(losses: Mapping[str, Mapping[int, float]], fusers: Sequence[str]) -> ChartGroup:
    """Chart the training loss.

    Args:
        losses: by fuser and epoch.
        fusers: all of the report, in its order.
    """
    note = "The sum of the detector's losses over the training images; where it still falls steeply, train for longer."
    return ChartGroup("Training", [_by_epoch(losses, fusers, "training loss", {})], note)


def _by_epoch(
    curves: Mapping[str, Mapping[int, float]], fusers: Sequence[str], what: str, marked: Mapping[str, int]
) -> Chart:
    """Chart `what` from 0 on, with a large dot at the marked epoch of a fuser."""
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
    return Chart(f"{what} by epoch", "epoch", what, series, (1, max(epochs, 2)), (0, 1.05 * top or 1))


def metrics_against_score(agreement: Agreement, fusers: Sequence[str]) -> ChartGroup:
    """Chart the network's score against every fusion metric, a point per fuser, a ring for a source.

    Args:
        agreement: what is shown.
        fusers: all of the report, in its order.
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
        f"Fusion metrics against {agreement.task_name}", charts, "Rings are the two sources, which are no fusions."
    )
