"""The stages of a detection pipeline, from pairs of images to a table of mAP."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from downstream.datasets import SPLITS, load_detection_data, read_detection_data, save_detection_data
from downstream.detection import (
    DetectorSettings,
    isolate_ultralytics,
    load_predictions,
    save_predictions,
    write_yolo_data,
)
from fusion.devices import choose_device
from fusion.storage import write_json
from pipelines.config import Settings
from pipelines.report import MATCHES, detection_report_stage, require_baseline
from pipelines.rows import RunOf, fuser_names, runs_of, save_pairs
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stage
from pipelines.tasks.scoring import scoring_stage
from pipelines.tasks.task import Task


def detection_task(settings: Settings, root: Path | None, home: Path, command: str) -> Task:
    """Give all stages in order; with `root` None the data is the built-in sample, and `home` is for ultralytics.

    Raises:
        InputError: settings that no stage could run with.
    """
    detector = DetectorSettings(**settings["detector"])
    require_baseline(settings)
    runs = runs_of(fuser_names(settings), settings["seeds"])
    stages = [sample_stage(settings)] if root is None else []
    stages += [_prepare_stage(settings, detector, root, home), *fusion_stages(settings, SPLITS)]
    for fuser in fuser_names(settings):
        stages += [scoring_stage(settings, fuser), _dataset_stage(fuser)]
    for run in runs:
        stages += [_training_stage(settings, detector, home, run), _scoring_stage(settings, detector, home, run)]
    stages.append(detection_report_stage(settings, runs, detector, is_sample=root is None, command=command))
    notices = []
    if detector.weights is None:
        notices.append("the detector starts from random weights; for others: detector.weights=FILE")
    return Task(stages, notices)


def _prepare_stage(settings: Settings, detector: DetectorSettings, root: Path | None, home: Path) -> Stage:
    data = settings["data"]

    def find(out_dir: Path, folder: Path, split: str) -> Summary:
        isolate_ultralytics(home)
        from downstream.detection import require_arguments

        require_arguments(detector)  # now, not after hours of fusing
        found = read_detection_data(folder, data["labels"], data["classes"], split, data["seed"])
        save_detection_data(out_dir / "data.json", found)
        save_pairs(out_dir, {name: [item.pair for item in found.of(name)] for name in SPLITS})
        counts = {f"{name}_images": len(found.of(name)) for name in SPLITS}
        return {**counts, "leakage": found.leakage, **asdict(found.faults)}

    return prepare_stage(settings, root, find, version=2)


def _dataset_stage(fuser: str) -> Stage:
    """Lay the fused images out as ultralytics reads them."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_detection_data(inputs["prepare"] / "data.json")
        write_yolo_data(out_dir, data, inputs[f"fuse/{fuser}"] / "images")
        return {}

    return Stage(f"dataset/{fuser}", run, needs=("prepare", f"fuse/{fuser}"), may_fail=True)


def _training_stage(settings: Settings, detector: DetectorSettings, home: Path, run_of: RunOf) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        isolate_ultralytics(home)
        from downstream.detection import train_detector

        yaml = inputs[f"dataset/{run_of.fuser}"] / "data.yaml"
        train_detector(out_dir, yaml, detector, run_of.seed, str(choose_device(settings["device"])))
        return {}

    start = (Path(detector.weights),) if detector.weights else ()
    decisive = {"detector": asdict(detector), "seed": run_of.seed, "device": settings["device"]}
    needs = (f"dataset/{run_of.fuser}",)
    return Stage(f"train_task/{run_of}", run, decisive, needs=needs, inputs=start, may_fail=True, version=2)


def _scoring_stage(settings: Settings, detector: DetectorSettings, home: Path, run_of: RunOf) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        isolate_ultralytics(home)
        from downstream.detection import detector_weights, predict, score_detections

        data = load_detection_data(inputs["prepare"] / "data.json")
        test = data.of("test")
        images = [inputs[f"dataset/{run_of.fuser}"] / "images" / "test" / f"{item.pair.stem}.png" for item in test]
        weights = detector_weights(inputs[f"train_task/{run_of}"])
        save_predictions(
            out_dir / "predictions.json",
            predict(weights, images, detector, str(choose_device(settings["device"]))),
        )
        result = score_detections(test, load_predictions(out_dir / "predictions.json"), data.classes)
        write_json(out_dir / "scores.json", [asdict(score) for score in result.scores])
        write_json(out_dir / "curves.json", result.curves)
        result.matches.save(out_dir / MATCHES)
        return {"mAP50": result.scores[1].value}

    needs = ("prepare", f"dataset/{run_of.fuser}", f"train_task/{run_of}")
    return Stage(f"score_task/{run_of}", run, {"device": settings["device"]}, needs=needs, version=2, may_fail=True)
