"""Synthetic inputs for the page of a report: images, boxes, masks and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from downstream.datasets.boxes import Box
from downstream.datasets.masks import write_mask
from fusion.images.pairs import Pair
from fusion.markdown import Cell
from fusion.scoring.folder import ImageScores
from fusion.scoring.means import mean_scores
from pipelines.report.agreement import Agreement
from pipelines.report.contents import Report
from pipelines.report.elements import Picture, Section, Table, TableRow
from pipelines.report.html.chart_groups import loss_by_epoch, precision_recall, validation
from pipelines.report.panels import Masks, Panel
from pipelines.rows.results import ResultRow
from pipelines.rows.task_scores import DETECTION, SEGMENTATION, TaskScores

FUSERS = ["infrared", "visible", "average", "maximum", "laplacian", "isfuse", "a & <b>"]
CLASSES = ["background", "car", "person"]
CONFUSION = np.array([[900, 60, 40], [0, 0, 0], [30, 1, 0]])  # the test images hold no car
METRICS = {"AG": 2.5, "SF": 9.0, "PSNR": 61.0}


def image_file(path: Path, seed: int, width: int, height: int) -> Path:
    """Write an image that compresses like a street image: large shapes, fine texture, sensor noise."""
    random = np.random.default_rng(seed)
    levels = np.zeros((height, width, 3), np.float32)
    for size, strength in ((5, 60), (20, 25), (80, 12), (320, 6)):
        coarse = random.normal(0, strength, (size, size, 3)).astype(np.float32)
        levels += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    levels += 110 + random.normal(0, 3, levels.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.clip(levels, 0, 255).astype(np.uint8))
    return path


def _boxes(random: np.random.Generator, width: int, height: int, count: int) -> list[Box]:
    corners = random.uniform((0, 0), (width * 0.7, height * 0.7), (count, 2))
    sizes = random.uniform(0.06, 0.28, (count, 2)) * (width, height)
    names = random.choice(CLASSES[1:], count)
    return [
        Box(str(name), (*map(float, low), *map(float, low + size)))  # type: ignore[arg-type]
        for name, low, size in zip(names, corners, sizes, strict=True)
    ]


def _mask_file(path: Path, random: np.random.Generator, width: int, height: int) -> Path:
    mask = np.zeros((height, width), np.uint8)
    for box in _boxes(random, width, height, 4):
        x1, y1, x2, y2 = map(int, box.xyxy)
        mask[y1:y2, x1:x2] = CLASSES.index(box.class_name)
    write_mask(path, mask)
    return path


def panels(folder: Path, kind: str, count: int = 2, width: int = 160, height: int = 120) -> list[Panel]:
    """Build scenes with boxes or masks."""
    found = []
    for number in range(count):
        stem, random = f"{number:05}D", np.random.default_rng(number)
        images = {
            name: image_file(folder / stem / f"{position}.png", 100 * number + position, width, height)
            for position, name in enumerate(FUSERS)
        }
        sources = (images["infrared"], images["visible"])
        if kind == "boxes":
            truth = _boxes(random, width, height, 5)
            scored = {
                name: [(box, 0.3 + 0.1 * k) for k, box in enumerate(_boxes(random, width, height, 4))]
                for name in FUSERS
            }
            found.append(Panel(Pair(stem, *sources), images, tuple(truth), scored))
        else:
            true = _mask_file(folder / stem / "truth.png", random, width, height)
            masks = {
                name: _mask_file(folder / stem / f"mask{k}.png", random, width, height) for k, name in enumerate(FUSERS)
            }
            found.append(Panel(Pair(stem, *sources), images, masks=Masks(true, masks)))
    return found


def row(fuser: str, metric: str, value: float | None, class_name: str = "all", **changes: Any) -> ResultRow:
    """Build one row of the results."""
    fields = {"fuser": fuser, "dataset": "MSRS", "split": "folders", "seed": 0, "metric": metric, "class": class_name}
    return {**fields, "value": value, "n": 40, "status": "ok", "reason": "", **changes}  # type: ignore[typeddict-item]


def _rows(task: TaskScores, split: str = "folders") -> list[ResultRow]:
    scores = {fuser: 0.3 + 0.05 * number for number, fuser in enumerate(FUSERS)}
    scores["isfuse"] = 1.0  # as text, it would be sorted before .35
    rows = [row(fuser, metric, score, split=split) for fuser, score in scores.items() for metric in task.means]
    return rows + [row(fuser, task.per_class, score, name) for fuser, score in scores.items() for name in CLASSES[1:]]


def report(folder: Path, kind: str, is_sample: bool = True, **of_panels: int) -> Report:
    """Build a complete report with boxes or masks, in which the fuser `a & <b>` failed."""
    task = DETECTION if kind == "boxes" else SEGMENTATION
    rows = [line for line in _rows(task) if line["fuser"] != FUSERS[-1]]
    rows.append(row(FUSERS[-1], task.main, None, status="failed", reason="out of <memory>"))
    scores = {line["fuser"]: line["value"] for line in rows if line["metric"] == task.main and line["value"]}
    means = mean_scores(
        [
            ImageScores(fuser, "00000D", {metric: value + number for metric, value in METRICS.items()})
            for number, fuser in enumerate(scores)
        ]
    )
    if kind == "boxes":
        steps = np.linspace(1, 0, 101)
        curves = {f: {name: list(steps ** (k + 1)) for name in CLASSES[1:]} for k, f in enumerate(scores)}
        losses = {f: {epoch: (9.0 + k) / epoch for epoch in range(1, 6)} for k, f in enumerate(scores)}
        charts = [precision_recall(curves, FUSERS), loss_by_epoch(losses, FUSERS)]
    else:
        charts = [validation({f: [0.1 * k, 0.1 * k + 0.2, 0.1 * k + 0.1] for k, f in enumerate(scores)}, FUSERS)]
    return Report(
        name="msrs_detect" if kind == "boxes" else "msrs_segment",
        is_sample=is_sample,
        task=task,
        rows=rows,
        fusers=FUSERS,
        classes=CLASSES[1:] if kind == "boxes" else CLASSES,
        facts=[("data", "MSRS <test>"), ("command", "python tools/run_pipeline.py msrs_detect 'a=b & c'")],
        agreement=Agreement("eif", means, task.main, scores),
        sections=[],
        daytime=[
            row(f, m, 0.5, split=f"folders, {part}") for part in ("day", "night") for f in scores for m in task.means
        ],
        curves=charts,
        panels=panels(folder, kind, **of_panels),
        confusions={} if kind == "boxes" else dict.fromkeys(scores, CONFUSION),
    )


def effects(folder: Path, count: int = 2) -> Section:
    """Build a section with a table, text, and wide pictures in `folder`."""
    names = [f"effects/isfuse/{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        image_file(folder / name, number, 2100, 300)
    table = Table("Change", "fuser", ["random"], [TableRow("isfuse", [Cell("0.0100 [0.0050, 0.0150]", False)])])
    pictures = [Picture(f"effects on isfuse, scene {number}", name) for number, name in enumerate(names)]
    return Section("Effects of interventions", [table, "**isfuse**: it\nholds.\n\nMore `text`.\n", *pictures])
