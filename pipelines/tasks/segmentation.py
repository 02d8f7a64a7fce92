"""The stages of a segmentation pipeline, from image pairs to a table of mIoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from downstream.datasets import SPLITS
from downstream.segmentation import IMAGENET, SegmenterSettings
from pipelines.rows import SCORES, Experiment, RunId, fold_folder
from pipelines.stages import Inputs, Stage, Summary, Task
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stages, save_divided
from pipelines.tasks.scoring import scoring_stage, task_report_stage


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
    stages = [*sample_stages(experiment), _prepare_stage(experiment, segmenter), *fusion_stages(experiment, SPLITS)]
    stages += [scoring_stage(experiment, row) for row in experiment.row_names]
    for run_id in experiment.runs:
        trainings = experiment.trainings(run_id)
        for training in trainings:
            fused = f"fuse/{experiment.fusion_of(training)}"
            stages.append(_training_stage(segmenter, settings.device, training, fused))
            stages.append(_scoring_stage(settings.device, training, fused))
        if experiment.folds:
            stages.append(_pooling_stage(run_id, trainings))
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


def _training_stage(segmenter: SegmenterSettings, device: str, run_id: RunId, fused: str) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import Labelled, train_segmenter
        from fusion.devices import choose_device
        from pipelines.report import draw_validation_curves, validation_curve

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        images = inputs[fused] / "images"
        training, validation = (
            [Labelled(images / f"{item.pair.stem}.png", item.mask, item.values) for item in data.of(split)]
            for split in ("train", "val")
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
    needs = ("prepare", fused)
    return Stage(run_id.training_stage, run, key, needs=needs, inputs=start, version=2, may_fail=True)


def _scoring_stage(device: str, run_id: RunId, fused: str) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import predict_masks
        from fusion.devices import choose_device
        from fusion.storage import write_json
        from pipelines.rows import score_masks

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        test, images = data.of("test"), inputs[fused] / "images"
        predict_masks(
            inputs[run_id.training_stage] / "best.safetensors",
            [images / f"{item.pair.stem}.png" for item in test],
            out_dir / "masks",
            str(choose_device(device)),
        )
        scores = score_masks(out_dir, test, out_dir / "masks", data.classes)
        write_json(out_dir / SCORES, [asdict(score) for score in scores])
        return {"mIoU": scores[0].value}

    needs = ("prepare", fused, run_id.training_stage)
    return Stage(run_id.scoring_stage, run, {"device": device}, needs=needs, version=2, may_fail=True)


def _pooling_stage(run_id: RunId, trainings: Sequence[RunId]) -> Stage:
    """Score the masks of all folds together."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from fusion.storage import link_or_copy, write_json
        from pipelines.rows import score_masks

        data = load_segmentation_data(inputs["prepare"] / "data.json")
        for stage in parts:
            for mask in (inputs[stage] / "masks").iterdir():
                link_or_copy(mask, out_dir / "masks" / mask.name)
        scores = score_masks(out_dir, data.of("test"), out_dir / "masks", data.classes)
        write_json(out_dir / SCORES, [asdict(score) for score in scores])
        return {"mIoU": scores[0].value}

    parts = [training.scoring_stage for training in trainings]
    return Stage(run_id.scoring_stage, run, needs=("prepare", *parts), may_fail=True)


def _write_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    from pipelines.report import write_segmentation_report

    write_segmentation_report(out_dir, experiment, inputs)
