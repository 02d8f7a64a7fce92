"""What the stages of a bad day share: conditions tried out, and the images of a row under a condition."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fusion.stress import Condition, disturb
from pipelines.rows import (
    EarlyRow,
    Experiment,
    FuserRow,
    LateRow,
    RunId,
    fold_folder,
    load_pairs,
    stress_stage,
)
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.fusing import make_images

if TYPE_CHECKING:
    from fusion.images import Pair

_SHOWN = "images"  # folder of the one image that the report shows


def trying_stages(experiment: Experiment) -> list[Stage]:
    """Return a stage that puts a test pair under every condition, so that a mistake shows before anything trains."""
    stress = experiment.settings.stress

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pair = load_pairs(fold_folder(inputs["prepare"], next(iter(experiment.folds), None)), "test")[0]
        for condition in stress.conditions:
            disturb([pair], condition, stress.seed)[0].read_encoded()
        return {"image": pair.stem}

    key = {"conditions": [str(condition) for condition in stress.conditions], "seed": stress.seed}
    files = tuple(condition.file for condition in stress.conditions if condition.file)
    return [Stage("try_conditions", run, key, ("prepare",), files)] if stress.conditions else []


class Stressed(NamedTuple):
    """A stage to be built: a run that is tested under a condition, and what its images depend on.

    Attributes:
        name: of the stage.
        run_id: without a fold.
        condition: of the images.
        trainings: behind the run, one per fold.
        needs: the stages that the making of its images needs, and the trainings of its networks.
        key: the settings that decide its images.
        inputs: likewise the files.
    """

    name: str
    run_id: RunId
    condition: Condition
    trainings: list[RunId]
    needs: tuple[str, ...]
    key: dict[str, Any]
    inputs: tuple[Path, ...]


def stressed_networks(experiment: Experiment, *, merged: bool) -> list[Stressed]:
    """List the runs under every condition, either those of a network of their own or those that merge others."""
    of_kind = [run for run in experiment.stressed_runs if isinstance(experiment.row(run.fuser), LateRow) == merged]
    return [_stressed(experiment, run, one) for run in of_kind for one in experiment.settings.stress.conditions]


def _stressed(experiment: Experiment, run_id: RunId, condition: Condition) -> Stressed:
    row, trainings = experiment.row(run_id.fuser), experiment.trainings(run_id)
    members = experiment.members(row, run_id) if isinstance(row, LateRow) else [run_id]
    networks = [training for member in members for training in experiment.trainings(member)]
    makers = [maker for one in networks if isinstance(maker := experiment.maker(one), FuserRow)]
    needs = [stage for maker in makers for stage in maker.needs] + [one.training_stage for one in networks]
    settings = experiment.settings
    key = {
        "condition": str(condition),
        "seed": settings.stress.seed,
        "device": settings.device,
        "images": {maker.name: maker.key for maker in makers},
    }
    files = [file for maker in makers for file in maker.inputs] + ([condition.file] if condition.file else [])
    return Stressed(
        stress_stage(run_id, condition),
        run_id,
        condition,
        trainings,
        tuple(dict.fromkeys(["prepare", *needs])),
        key,
        tuple(dict.fromkeys(files)),
    )


@contextmanager
def disturbed_images(
    experiment: Experiment, inputs: Inputs, training: RunId, condition: Condition, pairs: Sequence[Pair], out_dir: Path
) -> Iterator[list[Path]]:
    """Make the images of pairs under a condition that the network of a training sees; see `fused_under`."""
    maker, seed = experiment.maker(training), experiment.settings.stress.seed
    with fused_under(maker, condition, seed, pairs, inputs, out_dir) as images:
        yield images


@contextmanager
def fused_under(
    maker: FuserRow | EarlyRow,
    condition: Condition,
    seed: int,
    pairs: Sequence[Pair],
    inputs: Inputs,
    out_dir: Path,
) -> Iterator[list[Path]]:
    """Make the images of pairs under a condition, for as long as the block runs.

    Args:
        maker: what makes them.
        condition: of the pairs.
        seed: of what the condition draws.
        pairs: as they are.
        inputs: of a stage that needs what `maker` needs.
        out_dir: of the stage.

    Yields:
        One file per pair, in their order, in one folder.
    """
    folder = out_dir / f"fused-{maker.name}"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    try:
        make_images(maker, inputs, disturb(pairs, condition, seed), folder)
        yield [folder / f"{pair.stem}{maker.suffix}" for pair in pairs]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_shown(images: Sequence[Path], stem: str, out_dir: Path) -> None:
    """Keep the image of the scene that the report shows, if it is among these and can be shown."""
    for path in images:
        if path.name == f"{stem}.png":
            (out_dir / _SHOWN).mkdir(exist_ok=True)
            shutil.copyfile(path, out_dir / _SHOWN / path.name)
