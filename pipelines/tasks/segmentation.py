"""The stages of a segmentation pipeline, from image pairs to a table of mIoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from downstream.datasets import SPLITS
from downstream.segmentation import IMAGENET, SegmenterSettings
from pipelines.rows import EarlyRow, Experiment, FuserRow, PredictionsRow, RunId, fold_folder
from pipelines.stages import Inputs, Stage, Summary, Task
from pipelines.tasks.costs import Timing, cost_stages, median_ms
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.intervening import intervened_images, intervened_needs, intervening_stages
from pipelines.tasks.masks import (
    BEST,
    MASKS,
    image_path,
    mask_stages,
    reading_stage,
    save_mask_scores,
    time_merged_masks,
)
from pipelines.tasks.sampling import prepare_stage, sample_stages, save_divided
from pipelines.tasks.scoring import metric_stages, task_report_stage
from pipelines.tasks.stress import trying_stages
from pipelines.tasks.stressed_masks import stressed_mask_stages


def segmentation_task(experiment: Experiment) -> Task:
    """Return all stages in order.

    Raises:
        InputError: an unknown architecture or encoder.
    """
    settings = experiment.settings
    segmenter = settings.segmenter
    assert segmenter is not None  # of a segmentation task
    from downstream.segmentation import require_known

    require_known(segmenter.model, segmenter.encoder)
    stages = [*sample_stages(experiment), _prepare_stage(experiment, segmenter)]
    stages += trying_stages(experiment)
    stages += [reading_stage(row) for row in experiment.rows if isinstance(row, PredictionsRow)]
    stages += [*fusion_stages(experiment, SPLITS), *metric_stages(experiment)]
    stages += intervening_stages(experiment)
    for training in experiment.network_runs:
        stages.append(_training_stage(experiment, segmenter, training))
        stages.append(_scoring_stage(experiment, training))
    stages += mask_stages(experiment)
    if experiment.folds:
        stages += [_pooling_stage(run_id, experiment.trainings(run_id)) for run_id in experiment.runs]
    stages += stressed_mask_stages(experiment)
    time_network = partial(_time_network, settings.device)
    stages += cost_stages(experiment, stages, time_network, partial(time_merged_masks, experiment))
    stages.append(task_report_stage(experiment, _write_report))
    notices = []
    if segmenter.encoder_weights is None:
        notices.append(
            "the segmenter starts from random weights; for others: segmenter.encoder_weights=imagenet or =FILE"
        )
    return Task(stages, notices)


def _prepare_stage(experiment: Experiment, segmenter: SegmenterSettings) -> Stage:
    data = experiment.settings.data

    def read_data(out_dir: Path, folder: Path, split: str) -> Summary:
        from downstream.datasets import RegisteredMasks, read_segmentation_data, save_segmentation_data
        from fusion.devices import choose_device

        segmenter.precision_on(choose_device(experiment.settings.device))  # raises now, not after hours of fusing
        assert data.classes is not None  # of a segmentation data set
        masks = "" if experiment.is_sample else data.masks or ""
        values = () if experiment.is_sample else data.mask_values
        transform = data.label_transform()
        registered = RegisteredMasks(transform, out_dir / "masks") if transform else None
        found = read_segmentation_data(folder, data.classes, split, data.seed, masks, values, registered)
        return save_divided(out_dir, found, data, save_segmentation_data)

    return prepare_stage(experiment, read_data, version=2)


def _training_stage(experiment: Experiment, segmenter: SegmenterSettings, run_id: RunId) -> Stage:
    fused, row, device = f"fuse/{experiment.fusion_of(run_id)}", _row_of(experiment, run_id), experiment.settings.device

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import Labelled, train_segmenter
        from fusion.devices import choose_device
        from pipelines.report import draw_validation_curves, validation_curve

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        instead = {"train": intervened_images(experiment, run_id, inputs), "val": {}}
        training, validation = (
            [
                Labelled(
                    of_split.get(item.pair.stem) or image_path(row, inputs[fused], item.pair.stem),
                    item.mask,
                    item.values,
                )
                for item in data.of(split)
            ]
            for split, of_split in instead.items()
        )

        def draw() -> None:
            draw_validation_curves(out_dir / "validation.png", {run_id.fuser: validation_curve(out_dir)})

        train_segmenter(
            out_dir, training, validation, data.classes, segmenter, run_id.seed, str(choose_device(device)), draw
        )
        return {}

    start = (Path(str(segmenter.encoder_weights)),) if segmenter.encoder_weights not in (None, IMAGENET) else ()
    decisive = {name: value for name, value in asdict(segmenter).items() if name != "workers"}  # only loads images
    key = {"segmenter": decisive, "seed": run_id.seed, "device": device}
    needs = ("prepare", fused, *intervened_needs(experiment, run_id))
    return Stage(run_id.training_stage, run, key, needs=needs, inputs=start, version=2, may_fail=True)


def _scoring_stage(experiment: Experiment, run_id: RunId) -> Stage:
    fused, row, device = f"fuse/{experiment.fusion_of(run_id)}", _row_of(experiment, run_id), experiment.settings.device

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import predict_masks
        from fusion.devices import choose_device

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        images = [image_path(row, inputs[fused], item.pair.stem) for item in data.of("test")]
        weights = inputs[run_id.training_stage] / BEST
        predict_masks(weights, images, out_dir / MASKS, str(choose_device(device)))
        return save_mask_scores(out_dir, data)

    needs = ("prepare", fused, run_id.training_stage)
    return Stage(run_id.scoring_stage, run, {"device": device}, needs=needs, version=2, may_fail=True)


def _time_network(device: str, inputs: Inputs, run_id: RunId, images: Sequence[Path]) -> Timing:
    from downstream.segmentation import load_segmenter, read_pixels, segment
    from fusion.devices import choose_device

    place = str(choose_device(device))
    network, statistics, precision = load_segmenter(inputs[run_id.training_stage] / BEST, place)
    frames = map(read_pixels, images)
    return median_ms(lambda image: segment(network, statistics, image, precision), frames, place)


def _pooling_stage(run_id: RunId, trainings: Sequence[RunId]) -> Stage:
    """Score the masks of all folds together."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from fusion.storage import link_or_copy

        data = load_segmentation_data(inputs["prepare"] / "data.json")
        for stage in parts:
            for mask in (inputs[stage] / MASKS).iterdir():
                link_or_copy(mask, out_dir / MASKS / mask.name)
        return save_mask_scores(out_dir, data)

    parts = [training.scoring_stage for training in trainings]
    return Stage(run_id.scoring_stage, run, needs=("prepare", *parts), may_fail=True)


def _row_of(experiment: Experiment, run_id: RunId) -> FuserRow | EarlyRow:
    row = experiment.row(run_id.fuser)
    assert isinstance(row, FuserRow | EarlyRow)  # of a run that trains a network
    return row


def _write_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    from pipelines.report import write_segmentation_report

    write_segmentation_report(out_dir, experiment, inputs)
