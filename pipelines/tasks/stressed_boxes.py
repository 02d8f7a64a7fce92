"""The stages that test detectors under conditions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from downstream.detection import DetectorSettings
from pipelines.rows import PREDICTIONS, Experiment, LateRow, fold_folder, stress_stage
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.boxes import calibration_of, isolate_detector, merging, score_boxes
from pipelines.tasks.stress import Stressed, disturbed_images, keep_shown, stressed_networks

if TYPE_CHECKING:
    from downstream.datasets import DetectionData


def stressed_box_stages(experiment: Experiment, detector: DetectorSettings, work_dir: Path) -> list[Stage]:
    """Return the stages of all rows and conditions; rows that merge others come last."""
    single = [
        _network_stage(experiment, detector, work_dir, one) for one in stressed_networks(experiment, merged=False)
    ]
    return [*single, *(_merging_stage(experiment, one) for one in stressed_networks(experiment, merged=True))]


def _network_stage(experiment: Experiment, detector: DetectorSettings, work_dir: Path, stressed: Stressed) -> Stage:
    """Detect objects in the disturbed test images with the trained networks of all folds."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data

        isolate_detector(work_dir)
        from downstream.detection import detector_weights, load_predictions, predict, save_predictions
        from fusion.devices import choose_device

        data, found = load_detection_data(inputs["prepare"] / "data.json"), []
        device, shown = str(choose_device(experiment.settings.device)), _shown_stem(data)
        for training in stressed.trainings:
            tested = load_detection_data(fold_folder(inputs["prepare"], training.fold) / "data.json").of("test")
            pairs, weights = [item.pair for item in tested], detector_weights(inputs[training.training_stage])
            with disturbed_images(experiment, inputs, training, stressed.condition, pairs, out_dir) as images:
                found += predict(weights, images, detector, device)
                keep_shown(images, shown, out_dir)
        save_predictions(out_dir / PREDICTIONS, found)
        return score_boxes(out_dir, data, load_predictions(out_dir / PREDICTIONS))

    return Stage(stressed.name, run, stressed.key, stressed.needs, stressed.inputs, may_fail=True)


def _merging_stage(experiment: Experiment, stressed: Stressed) -> Stage:
    """Merge what the members predict under the condition, their scores calibrated on clean images."""
    row = experiment.row(stressed.run_id.fuser)
    assert isinstance(row, LateRow)  # of a run that merges others
    parts = {training: experiment.members(row, training) for training in stressed.trainings}
    stages = [stress_stage(member, stressed.condition) for member in experiment.members(row, stressed.run_id)]

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import load_predictions, save_predictions

        data, found = load_detection_data(inputs["prepare"] / "data.json"), []
        networks = [load_predictions(inputs[stage] / PREDICTIONS) for stage in stages]
        for training, members in parts.items():
            tested = load_detection_data(fold_folder(inputs["prepare"], training.fold) / "data.json").of("test")
            stems = {item.pair.stem for item in tested}
            found += merging(row, members, inputs)([[one for one in of if one.stem in stems] for of in networks])
        save_predictions(out_dir / PREDICTIONS, found)
        return score_boxes(out_dir, data, load_predictions(out_dir / PREDICTIONS))

    calibrated = [member for members in parts.values() for member in members] if row.calibrates else []
    needs = ("prepare", *stages, *map(calibration_of, calibrated))
    return Stage(stressed.name, run, {"method": row.method}, needs, may_fail=True)


def _shown_stem(data: DetectionData) -> str:
    """Return the test image with the most objects."""
    return max(data.of("test"), key=lambda item: len(item.boxes)).pair.stem
