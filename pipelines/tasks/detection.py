"""The stages of a detection pipeline, from image pairs to a table of mAP."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from downstream.datasets import SPLITS
from downstream.detection import DetectorSettings
from pipelines.rows import CURVES, MATCHES, PREDICTIONS, SCORES, Experiment, RunId
from pipelines.stages import Inputs, Stage, Summary, Task
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stages
from pipelines.tasks.scoring import scoring_stage, task_report_stage


def detection_task(experiment: Experiment, work_dir: Path) -> Task:
    """Return all stages in order.

    Args:
        experiment: what is compared on which data.
        work_dir: the pipeline's, inside which ultralytics is kept.
    """
    settings = experiment.settings
    detector = settings.detector
    assert detector is not None  # of a detection task
    stages = [*sample_stages(experiment), _prepare_stage(experiment, detector, work_dir)]
    stages += fusion_stages(experiment, SPLITS)
    for row in experiment.row_names:
        stages += [scoring_stage(experiment, row), _dataset_stage(row)]
    for run_id in experiment.runs:
        stages += [
            _training_stage(detector, settings.device, work_dir, run_id),
            _scoring_stage(detector, settings.device, work_dir, run_id),
        ]
    stages.append(task_report_stage(experiment, ("dataset", "score_fusion"), _write_report))
    notices = []
    if detector.weights is None:
        notices.append("the detector starts from random weights; for others: detector.weights=FILE")
    return Task(stages, notices)


def _prepare_stage(experiment: Experiment, detector: DetectorSettings, work_dir: Path) -> Stage:
    data = experiment.settings.data

    def read_data(out_dir: Path, folder: Path, split: str) -> Summary:
        from downstream.datasets import read_detection_data, save_detection_data
        from pipelines.rows import save_pairs

        isolate_detector(work_dir)
        from downstream.detection import require_arguments

        require_arguments(detector)  # now, not after hours of fusing
        assert data.labels is not None  # of a detection data set
        assert data.classes is not None
        found = read_detection_data(folder, data.labels, data.classes, split, data.seed)
        save_detection_data(out_dir / "data.json", found)
        save_pairs(out_dir, {name: [item.pair for item in found.of(name)] for name in SPLITS})
        counts = {f"{name}_images": len(found.of(name)) for name in SPLITS}
        return {**counts, "leakage": found.leakage, **asdict(found.faults)}

    return prepare_stage(experiment, read_data, version=2)


def _dataset_stage(row: str) -> Stage:
    """Lay the fused images out as ultralytics reads them."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import write_yolo_data

        data = load_detection_data(inputs["prepare"] / "data.json")
        write_yolo_data(out_dir, data, inputs[f"fuse/{row}"] / "images")
        return {}

    return Stage(f"dataset/{row}", run, needs=("prepare", f"fuse/{row}"), may_fail=True)


def _training_stage(detector: DetectorSettings, device: str, work_dir: Path, run_id: RunId) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.devices import choose_device

        isolate_detector(work_dir)
        from downstream.detection import train_detector

        yaml = inputs[f"dataset/{run_id.fuser}"] / "data.yaml"
        train_detector(out_dir, yaml, detector, run_id.seed, str(choose_device(device)))
        return {}

    named = (detector.weights, detector.model)  # start weights; an architecture by name, or a YAML file of one's own
    files = tuple(Path(name) for name in named if name and Path(name).is_file())
    key = {"detector": asdict(detector), "seed": run_id.seed, "device": device}
    needs = (f"dataset/{run_id.fuser}",)
    return Stage(run_id.training_stage, run, key, needs=needs, inputs=files, may_fail=True, version=2)


def _scoring_stage(detector: DetectorSettings, device: str, work_dir: Path, run_id: RunId) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from fusion.devices import choose_device
        from fusion.storage import write_json

        isolate_detector(work_dir)
        from downstream.detection import (
            detector_weights,
            load_predictions,
            predict,
            save_predictions,
            score_detections,
        )

        data = load_detection_data(inputs["prepare"] / "data.json")
        test = data.of("test")
        images = [inputs[f"dataset/{run_id.fuser}"] / "images" / "test" / f"{item.pair.stem}.png" for item in test]
        weights = detector_weights(inputs[run_id.training_stage])
        save_predictions(out_dir / PREDICTIONS, predict(weights, images, detector, str(choose_device(device))))
        result = score_detections(test, load_predictions(out_dir / PREDICTIONS), data.classes)
        write_json(out_dir / SCORES, [asdict(score) for score in result.scores])
        write_json(out_dir / CURVES, result.curves)
        result.matches.save(out_dir / MATCHES)
        return {"mAP50": result.scores[1].value}

    needs = ("prepare", f"dataset/{run_id.fuser}", run_id.training_stage)
    return Stage(run_id.scoring_stage, run, {"device": device}, needs=needs, version=3, may_fail=True)


def _write_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    from pipelines.report import write_detection_report

    write_detection_report(out_dir, experiment, inputs)


def isolate_detector(work_dir: Path) -> None:
    """Keep ultralytics inside the pipeline's work folder; must come before anything imports it."""
    from downstream.detection import isolate_ultralytics

    isolate_ultralytics(work_dir / ".ultralytics")
