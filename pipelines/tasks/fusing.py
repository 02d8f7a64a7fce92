"""The stages that end in one folder of images per row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.fusers import fuser_class, fuser_files, start_file
from pipelines.rows import EarlyRow, Experiment, FuserRow, RunId, fold_folder, load_pairs
from pipelines.settings import Settings, TrainingSettings
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.critics import build_critic, critic_files, critic_key

if TYPE_CHECKING:
    from fusion.images import Pair
    from fusion.training import Critic, Trainer

TRAINING_VERSION = 2  # 2: one intervened pass a step


def fusion_stages(experiment: Experiment, splits: Sequence[str], work_dir: Path | None = None) -> list[Stage]:
    """Return the training stage of every fusion network that is trained here, and the fusing stage of every row.

    Folders of images come first, so that a missing image is reported before anything trains. Networks that are trained
    once per fold fuse all pairs; a last stage collects the test images of all folds.

    Args:
        experiment: what is compared.
        splits: whose pairs are fused.
        work_dir: the pipeline's, inside which ultralytics is kept; None where no detector is trained.
    """
    stages = []
    for row in sorted(experiment.fusions, key=lambda row: row.folder is None):
        if row.training:
            stages.append(_training_stage(row, row.training, experiment.settings, work_dir))
        stages.append(_fusing_stage(row, splits))
    stages += [_stacking_stage(row, splits) for row in experiment.rows if isinstance(row, EarlyRow)]
    if experiment.folds:
        trained = {row.name for row in experiment.fused_rows if row.training}
        of_trained = [run_id for run_id in experiment.runs if run_id.fuser in trained]
        stages += [_collecting_stage(run_id, experiment.trainings(run_id)) for run_id in of_trained]
    return stages


def build_trainer(
    pairs: Sequence[Pair], training: TrainingSettings, device: str, critic: Critic | None = None
) -> Trainer:
    """Build the trainer of a fusion network, with the critic that `training.task` asks for."""
    from fusion.training import Trainer

    return Trainer(
        pairs,
        dict(training.network),
        training.objective,
        training.schedule,
        device,
        training.teacher,
        training.start,
        critic,
    )


def _training_stage(row: FuserRow, training: TrainingSettings, settings: Settings, work_dir: Path | None) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from pipelines.report import draw_training_curves

        folder = fold_folder(inputs["prepare"], row.fold)
        pairs = load_pairs(folder, "train")
        critic = build_critic(settings, training, folder, pairs, work_dir)
        trainer = build_trainer(pairs, training, settings.device, critic)
        trainer.run(out_dir, lambda: draw_training_curves(out_dir))
        return {"pairs": len(pairs)}

    key = {"training": training.key, "device": settings.device, **critic_key(settings, training)}
    files = [*([start_file(training.start)] if training.start else []), *critic_files(settings, training)]
    if training.teacher:
        fuser_class(training.teacher)  # raises for an unknown name
        files += fuser_files(training.teacher, {}).values()
    return Stage(
        row.training_stage, run, key, ("prepare",), inputs=tuple(files), version=TRAINING_VERSION, may_fail=True
    )


def _fusing_stage(row: FuserRow, splits: Sequence[str]) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], *splits)
        if row.folder:
            from fusion.fusers import import_external_images

            import_external_images(row.folder, pairs, out_dir / "images")
        else:
            make_images(row, inputs, pairs, out_dir / "images")
        return {"images": len(pairs)}

    return Stage(f"fuse/{row.name}", run, row.key, needs=("prepare", *row.needs), inputs=row.inputs, may_fail=True)


def _stacking_stage(row: EarlyRow, splits: Sequence[str]) -> Stage:
    """Write every pair as an image of four channels."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], *splits)
        make_images(row, inputs, pairs, out_dir / "images")
        return {"images": len(pairs)}

    return Stage(f"fuse/{row.name}", run, {"channels": "r,g,b,ir"}, needs=("prepare",), may_fail=True)


def make_images(maker: FuserRow | EarlyRow, inputs: Inputs, pairs: Sequence[Pair], folder: Path) -> None:
    """Fuse every pair into a folder, or write it as an image of four channels; existing images are kept.

    Args:
        maker: what makes the images; not a folder of images.
        inputs: of a stage that needs what `maker` needs.
        pairs: as they are, or under a condition.
        folder: for one image per pair, created if missing.
    """
    if isinstance(maker, EarlyRow):
        _stack_pairs(maker, pairs, folder)
        return
    from fusion.fusers import fuse_folder

    fuse_folder(maker.build(inputs), pairs, folder, {"fuser": maker.name})


def _stack_pairs(row: EarlyRow, pairs: Sequence[Pair], folder: Path) -> None:
    from tqdm import tqdm

    from downstream.four_channels import write_four_channels

    for pair in tqdm(pairs, desc=f"stack {row.name}", unit="pair"):
        path = folder / f"{pair.stem}{row.suffix}"
        if not path.exists():
            write_four_channels(path, pair)


def _collecting_stage(run_id: RunId, trainings: Sequence[RunId]) -> Stage:
    """Collect the images of every pair that were fused by the network that has not seen it."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.storage import link_or_copy

        count = 0
        for training in trainings:
            for pair in load_pairs(fold_folder(inputs["prepare"], training.fold), "test"):
                name = f"{pair.stem}.png"
                link_or_copy(inputs[f"fuse/{training}"] / "images" / name, out_dir / "images" / name)
                count += 1
        return {"images": count}

    needs = ("prepare", *(f"fuse/{training}" for training in trainings))
    return Stage(f"fuse/{run_id}", run, needs=needs, may_fail=True)
