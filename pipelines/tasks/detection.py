"""The stages of a detection pipeline, from image pairs to a table of mAP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from downstream.datasets import SPLITS
from downstream.detection import DetectorSettings
from pipelines.rows import PREDICTIONS, Experiment, PredictionsRow, RunId, fold_folder
from pipelines.stages import Inputs, Stage, Summary, Task
from pipelines.tasks.boxes import (
    box_stages,
    dataset_of,
    image_suffix,
    isolate_detector,
    predict_split,
    reading_stage,
    score_boxes,
    time_merged_boxes,
)
from pipelines.tasks.costs import Timing, cost_stages, median_ms
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.intervening import intervened_images, intervened_needs, intervening_stages
from pipelines.tasks.sampling import prepare_stage, sample_stages, save_divided
from pipelines.tasks.scoring import metric_stages, task_report_stage
from pipelines.tasks.stress import trying_stages
from pipelines.tasks.stressed_boxes import stressed_box_stages


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
    stages += trying_stages(experiment)
    stages += [reading_stage(row) for row in experiment.rows if isinstance(row, PredictionsRow)]
    stages += fusion_stages(experiment, SPLITS, work_dir)
    stages += metric_stages(experiment)
    stages += intervening_stages(experiment)
    trainings = experiment.network_runs
    named = {dataset_of(experiment, training): training for training in trainings}
    stages += [_dataset_stage(experiment, name, run_id) for name, run_id in named.items()]
    for run_id in trainings:
        stages += [
            _training_stage(detector, settings.device, work_dir, run_id, dataset_of(experiment, run_id)),
            _scoring_stage(experiment, detector, work_dir, run_id),
        ]
    stages += box_stages(experiment, detector, work_dir)
    if experiment.folds:
        stages += [_pooling_stage(run_id, experiment.trainings(run_id)) for run_id in experiment.runs]
    stages += stressed_box_stages(experiment, detector, work_dir)
    time_network = partial(_time_network, detector, settings.device, work_dir)
    stages += cost_stages(experiment, stages, time_network, partial(time_merged_boxes, experiment))
    stages.append(task_report_stage(experiment, _write_report))
    notices = []
    if detector.weights is None:
        notices.append("the detector starts from random weights; for others: detector.weights=FILE")
    return Task(stages, notices)


def _prepare_stage(experiment: Experiment, detector: DetectorSettings, work_dir: Path) -> Stage:
    data = experiment.settings.data

    def read_data(out_dir: Path, folder: Path, split: str) -> Summary:
        from downstream.datasets import read_detection_data, save_detection_data
        from fusion.devices import choose_device

        isolate_detector(work_dir)
        from downstream.detection import require_arguments

        require_arguments(detector)  # now, not after hours of fusing
        detector.precision_on(choose_device(experiment.settings.device))
        assert data.labels is not None  # of a detection data set
        assert data.classes is not None
        transform = data.label_transform()
        found = read_detection_data(folder, data.labels, data.classes, split, data.seed, transform)
        return {**save_divided(out_dir, found, data, save_detection_data), **asdict(found.faults)}

    return prepare_stage(experiment, read_data, version=3)


def _dataset_stage(experiment: Experiment, name: str, run_id: RunId) -> Stage:
    """Lay the images of a row out as ultralytics reads them."""
    images, suffix = f"fuse/{experiment.fusion_of(run_id)}", image_suffix(experiment, run_id)

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import write_yolo_data

        data = load_detection_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        instead = intervened_images(experiment, run_id, inputs)
        write_yolo_data(out_dir, data, inputs[images] / "images", suffix, instead)
        return {}

    needs = ("prepare", images, *intervened_needs(experiment, run_id))
    return Stage(name, run, needs=needs, may_fail=True)


def _training_stage(detector: DetectorSettings, device: str, work_dir: Path, run_id: RunId, dataset: str) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.devices import choose_device

        isolate_detector(work_dir)
        from downstream.detection import train_detector

        train_detector(out_dir, inputs[dataset] / "data.yaml", detector, run_id.seed, str(choose_device(device)))
        return {}

    named = (detector.weights, detector.model)  # start weights; an architecture by name, or a YAML file of one's own
    files = tuple(Path(name) for name in named if name and Path(name).is_file())
    key = {"detector": asdict(detector), "seed": run_id.seed, "device": device}
    return Stage(run_id.training_stage, run, key, needs=(dataset,), inputs=files, may_fail=True, version=2)


def _scoring_stage(experiment: Experiment, detector: DetectorSettings, work_dir: Path, run_id: RunId) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data

        isolate_detector(work_dir)
        from downstream.detection import load_predictions, save_predictions

        data = load_detection_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        folder = inputs[dataset_of(experiment, run_id)] / "images" / "test"
        found = predict_split(experiment, detector, inputs, run_id, data, "test", folder)
        save_predictions(out_dir / PREDICTIONS, found)
        return score_boxes(out_dir, data, load_predictions(out_dir / PREDICTIONS))

    needs = ("prepare", dataset_of(experiment, run_id), run_id.training_stage)
    key = {"device": experiment.settings.device}
    return Stage(run_id.scoring_stage, run, key, needs=needs, version=4, may_fail=True)


def _time_network(
    detector: DetectorSettings, device: str, work_dir: Path, inputs: Inputs, run_id: RunId, images: Sequence[Path]
) -> Timing:
    from fusion.devices import choose_device

    isolate_detector(work_dir)
    from downstream.detection import detector_weights, opened_detector, read_levels

    place = str(choose_device(device))
    with opened_detector(detector_weights(inputs[run_id.training_stage]), detector, place) as detect:
        return median_ms(lambda image: detect([image]), map(read_levels, images), place)


def _pooling_stage(run_id: RunId, trainings: Sequence[RunId]) -> Stage:
    """Score the boxes of all folds together."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_detection_data
        from downstream.detection import load_predictions, save_predictions

        data = load_detection_data(inputs["prepare"] / "data.json")
        found = [one for stage in parts for one in load_predictions(inputs[stage] / PREDICTIONS)]
        save_predictions(out_dir / PREDICTIONS, found)
        return score_boxes(out_dir, data, found)

    parts = [training.scoring_stage for training in trainings]
    return Stage(run_id.scoring_stage, run, needs=("prepare", *parts), version=2, may_fail=True)


def _write_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    from pipelines.report import write_detection_report

    write_detection_report(out_dir, experiment, inputs)
