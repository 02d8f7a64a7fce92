"""Gather what the stages of a detection pipeline left behind into its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from downstream.boxes import Box
from downstream.detection_data import DetectionData, LabelledPair, load_detection_data
from downstream.detector_settings import DetectorSettings
from downstream.predictions import load_predictions
from fusion.files import read_json, write_text
from fusion.score_tables import write_scores
from pipelines.agreement import Agreement
from pipelines.config import Settings
from pipelines.detection_facts import detection_facts, split_name
from pipelines.panels import Panel, blocks
from pipelines.report import Report, summary_text, write_report
from pipelines.run_of import RunOf
from pipelines.scoring import load_fusion_scores
from pipelines.stage import Inputs, Stage, Summary
from pipelines.tables import Row, mean_over_seeds


def report_stage(
    settings: Settings, runs: list[RunOf], detector: DetectorSettings, is_sample: bool, command: str
) -> Stage:
    """Give the stage that writes the report; a failed run is a row of it."""
    fusers = list(dict.fromkeys(run_of.fuser for run_of in runs))

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_detection_data(inputs["prepare"] / "data.json")
        rows = [row for run_of in runs for row in _rows(settings, run_of, inputs, data, is_sample)]
        fused = load_fusion_scores(settings, fusers, inputs)
        report = Report(
            name=settings["name"],
            is_sample=is_sample,
            rows=rows,
            fusers=fusers,
            classes=list(data.classes),
            facts=detection_facts(settings, data, detector, is_sample, command),
            panels=[_panel(item, runs, inputs) for item in _shown(data, settings["panels"])],
            curves={
                run_of.fuser: read_json(inputs[f"score_task/{run_of}"] / "curves.json")
                for run_of in runs
                if run_of.seed == settings["seeds"][0] and f"score_task/{run_of}" in inputs.folders
            },
            agreement=Agreement(
                fused.convention,
                write_scores(out_dir, fused.rows, fused.convention),
                "mAP50",
                mean_over_seeds(rows, "mAP50"),
            ),
        )
        write_report(out_dir, report)
        write_text(out_dir / "summary.txt", summary_text(report))
        return {"failed": [str(run_of) for run_of in runs if f"score_task/{run_of}" in inputs.failures]}

    of_fusers = [f"{stage}/{fuser}" for fuser in fusers for stage in ("dataset", "score_fusion")]
    needs = ("prepare", *of_fusers, *(f"score_task/{run_of}" for run_of in runs))
    decisive = {"name": settings["name"], "panels": settings["panels"]}
    return Stage("report", run, decisive, needs=needs)


def _rows(settings: Settings, run_of: RunOf, inputs: Inputs, data: DetectionData, is_sample: bool) -> list[Row]:
    stage = f"score_task/{run_of}"
    reason = inputs.failures.get(stage, "")
    nothing = {"metric": "mAP50", "class_name": "all", "value": None, "n": len(data.of("test"))}
    scores: list[dict[str, Any]] = [nothing] if reason else read_json(inputs[stage] / "scores.json")
    return [
        {
            "fuser": run_of.fuser,
            "dataset": "SAMPLE" if is_sample else settings["data"]["name"],
            "split": split_name(data, is_sample),
            "seed": run_of.seed,
            "metric": score["metric"],
            "class": score["class_name"],
            "value": score["value"],
            "n": score["n"],
            "status": "failed" if reason else "ok",
            "reason": reason,
        }
        for score in scores
    ]


def _shown(data: DetectionData, count: int) -> list[LabelledPair]:
    """Choose scenes spread over the test images, preferring those with many objects."""
    test = data.of("test")
    return [max(block, key=lambda item: len(item.boxes)) for block in blocks(test, count)]


def _panel(item: LabelledPair, runs: list[RunOf], inputs: Inputs) -> Panel:
    stem = item.pair.stem
    shown = {r.fuser: r for r in reversed(runs) if f"score_task/{r}" in inputs.folders}
    found: dict[str, list[tuple[Box, float]]] = {
        fuser: [
            (p.box, p.score) for p in load_predictions(inputs[f"score_task/{r}"] / "predictions.json") if p.stem == stem
        ]
        for fuser, r in reversed(shown.items())
    }
    images = {fuser: inputs[f"dataset/{fuser}"] / "images" / "test" / f"{stem}.png" for fuser in found}
    return Panel(stem, item.pair.infrared, item.pair.visible, images, item.boxes, found)
