"""The stages that end in scored boxes without a training: merged networks, and predictions of other code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from downstream.detection import DetectorSettings
from pipelines.rows import (
    CURVES,
    EMPTY,
    MATCHES,
    PREDICTIONS,
    SCORES,
    Experiment,
    LateRow,
    PredictionsRow,
    RunId,
    fold_folder,
    fold_suffix,
)
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.costs import Timing, median_ms

if TYPE_CHECKING:
    from downstream.datasets import DetectionData
    from downstream.detection import Prediction

_CALIBRATION = "calibration.json"


def box_stages(experiment: Experiment, detector: DetectorSettings, work_dir: Path) -> list[Stage]:
    """Return the scoring stages of the rows that train no network, and what these need besides other runs.

    Rows that merge others come last; the scores of a member's network are calibrated once for all of them.
    """
    external, calibrations, merged = list[Stage](), dict[str, Stage](), list[Stage]()
    for run_id in (part for run in experiment.runs for part in experiment.trainings(run)):
        row = experiment.row(run_id.fuser)
        if isinstance(row, PredictionsRow):
            external.append(_external_stage(row, run_id))
        if not isinstance(row, LateRow):
            continue
        members = experiment.members(row, run_id)
        merged.append(_merging_stage(row, run_id, members))
        for member in members if row.calibrates else ():
            stage = _calibrating_stage(experiment, detector, work_dir, member)
            calibrations[stage.name] = stage
    return [*external, *calibrations.values(), *merged]


def dataset_of(experiment: Experiment, run_id: RunId) -> str:
    """Return the stage that lays out the images a run trains on; seeds share it unless they trained the fusion."""
    fusion = experiment.fusion_of(run_id)
    return f"dataset/{fusion}" + (fold_suffix(run_id.fold) if fusion == run_id.fuser else "")


def image_suffix(experiment: Experiment, run_id: RunId) -> str:
    """Return the suffix of the images that a run trains on."""
    row = experiment.row(run_id.fuser)
    assert not isinstance(row, LateRow | PredictionsRow)  # of a network run
    return row.suffix


def reading_stage(row: PredictionsRow) -> Stage:
    """Read and check the boxes that other code has predicted, before anything trains."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import read_external_boxes, save_predictions

        data = load_detection_data(inputs["prepare"] / "data.json")
        found = read_external_boxes(row.path, data, row.annotations, row.missing == EMPTY)
        save_predictions(out_dir / PREDICTIONS, found)
        return {"boxes": len(found)}

    key = {"missing": row.missing, "annotations": row.annotations is not None}
    return Stage(row.stage, run, key, needs=("prepare",), inputs=row.inputs)


def score_boxes(out_dir: Path, data: DetectionData, found: Sequence[Prediction]) -> Summary:
    """Score the boxes of the test images, and leave all that the report reads."""
    from downstream.detection import score_detections
    from fusion.storage import write_json

    result = score_detections(data.of("test"), found, data.classes)
    write_json(out_dir / SCORES, [asdict(score) for score in result.scores])
    write_json(out_dir / CURVES, result.curves)
    result.matches.save(out_dir / MATCHES)
    return {"mAP50": result.scores[1].value}


def _external_stage(row: PredictionsRow, run_id: RunId) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import load_predictions, save_predictions

        data = load_detection_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        tested = {item.pair.stem for item in data.of("test")}
        found = [one for one in load_predictions(inputs[row.stage] / PREDICTIONS) if one.stem in tested]
        save_predictions(out_dir / PREDICTIONS, found)
        return score_boxes(out_dir, data, found)

    return Stage(run_id.scoring_stage, run, needs=("prepare", row.stage), may_fail=True)


def _merging_stage(row: LateRow, run_id: RunId, members: Sequence[RunId]) -> Stage:
    """Merge the boxes of other runs; a member that failed fails this run with its reason."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import load_predictions, save_predictions

        data = load_detection_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        networks = [load_predictions(inputs[member.scoring_stage] / PREDICTIONS) for member in members]
        save_predictions(out_dir / PREDICTIONS, merging(row, members, inputs)(networks))
        return score_boxes(out_dir, data, load_predictions(out_dir / PREDICTIONS))

    calibrations = [calibration_of(member) for member in members] if row.calibrates else []
    needs = ("prepare", *(member.scoring_stage for member in members), *calibrations)
    return Stage(run_id.scoring_stage, run, {"method": row.method}, needs=needs, may_fail=True)


def merging(
    row: LateRow, members: Sequence[RunId], inputs: Inputs
) -> Callable[[Sequence[Sequence[Prediction]]], list[Prediction]]:
    """Return the function that merges the boxes of the members, after calibrating their scores if the method does."""
    from downstream.detection import Calibration, merge_boxes

    if not row.calibrates:
        return lambda networks: merge_boxes(networks, row.method)
    fits = [Calibration.load(inputs[calibration_of(member)] / _CALIBRATION) for member in members]
    return lambda networks: merge_boxes(
        [fit.apply(found) for fit, found in zip(fits, networks, strict=True)], row.method
    )


def time_merged_boxes(
    experiment: Experiment, inputs: Inputs, row: LateRow, run_id: RunId, stems: Sequence[str]
) -> Timing:
    """Time merging the boxes that the members of a late row have predicted, image by image."""
    from downstream.detection import load_predictions

    members = experiment.members(row, run_id)
    networks = [load_predictions(inputs[member.scoring_stage] / PREDICTIONS) for member in members]
    frames = ([[one for one in network if one.stem == stem] for network in networks] for stem in stems)
    return median_ms(merging(row, members, inputs), frames, "cpu")


def calibration_of(run_id: RunId) -> str:
    """Return the name of the stage that calibrates the scores of a training's network."""
    return f"calibrate/{run_id}"


def _calibrating_stage(experiment: Experiment, detector: DetectorSettings, work_dir: Path, run_id: RunId) -> Stage:
    """Calibrate the scores of a network on validation images, or on its training images where there are none."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data

        isolate_detector(work_dir)
        from downstream.detection import fit_calibration, score_detections

        data = load_detection_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        split = "val" if data.of("val") else "train"
        folder = inputs[images] / "images"  # those of the dataset may be intervened
        found = predict_split(experiment, detector, inputs, run_id, data, split, folder)
        fit = fit_calibration(score_detections(data.of(split), found, data.classes).matches)
        fit.save(out_dir / _CALIBRATION)
        return {"split": split, **asdict(fit)}

    images = f"fuse/{experiment.fusion_of(run_id)}"
    needs = ("prepare", images, run_id.training_stage)
    return Stage(calibration_of(run_id), run, {"device": experiment.settings.device}, needs=needs, may_fail=True)


def predict_split(
    experiment: Experiment,
    detector: DetectorSettings,
    inputs: Inputs,
    run_id: RunId,
    data: DetectionData,
    split: str,
    folder: Path,
) -> list[Prediction]:
    """Predict the boxes of all images of a split, in `folder`, with the network of a run; ultralytics is isolated."""
    from downstream.detection import detector_weights, predict
    from fusion.devices import choose_device

    suffix = image_suffix(experiment, run_id)
    images = [folder / f"{item.pair.stem}{suffix}" for item in data.of(split)]
    weights = detector_weights(inputs[run_id.training_stage])
    return predict(weights, images, detector, str(choose_device(experiment.settings.device)))


def isolate_detector(work_dir: Path) -> None:
    """Keep ultralytics inside the pipeline's work folder; must come before anything imports it."""
    from downstream.detection import isolate_ultralytics

    isolate_ultralytics(work_dir / ".ultralytics")
