"""The stages that make a share of the training images of every row from intervened pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downstream.datasets import SPLITS
from fusion.errors import InputError
from fusion.interventions import INTERVENTIONS
from fusion.seeds import seed_for
from fusion.stress import Condition, disturb
from pipelines.rows import EarlyRow, Experiment, FuserRow, RunId, fold_folder, load_pairs
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.fusing import make_images

if TYPE_CHECKING:
    from fusion.images import Pair

_IMAGES = "images"
_SEEDS = 2**63  # of which `seed_for` draws


def intervening_stages(experiment: Experiment) -> list[Stage]:
    """Return a stage for all that is fused, which makes the images of the intervened training pairs; none without.

    Raises:
        InputError: the images of a row come from other code.
    """
    if not experiment.settings.data.interventions:
        return []
    for row in experiment.fused_rows:
        if row.folder:
            raise InputError(
                f"data.interventions={experiment.settings.data.interventions:g}: the images of row {row.name} come "
                "from other code, which cannot fuse intervened pairs. Try: a table without this row"
            )
    early = [row for row in experiment.rows if isinstance(row, EarlyRow)]
    return [_stage(experiment, maker) for makers in (experiment.fusions, early) for maker in makers]


def intervention_on(stem: str, share: float, seed: int) -> str:
    """Return the intervention on a training pair, one of `INTERVENTIONS`; "" if there is none.

    Every pair is drawn by itself, with probability `share`, so the choice depends neither on the others nor on the row
    or the fold.
    """
    if seed_for(seed, "data.interventions", stem) >= share * _SEEDS:
        return ""
    return INTERVENTIONS[seed_for(seed, "data.interventions, kind", stem) % len(INTERVENTIONS)]


def intervened_needs(experiment: Experiment, training: RunId) -> tuple[str, ...]:
    """Return the names of the stages that `intervened_images` reads."""
    return (_name(experiment.maker(training)),) if experiment.settings.data.interventions else ()


def intervened_images(experiment: Experiment, training: RunId, inputs: Inputs) -> dict[str, Path]:
    """Return the images that take the place of clean ones in a training, by stem."""
    return {
        path.stem: path
        for stage in intervened_needs(experiment, training)
        for path in (inputs[stage] / _IMAGES).glob(f"*{experiment.maker(training).suffix}")
    }


def _name(maker: FuserRow | EarlyRow) -> str:
    return f"intervene/{maker.name}"


def _stage(experiment: Experiment, maker: FuserRow | EarlyRow) -> Stage:
    data = experiment.settings.data
    fold = maker.fold if isinstance(maker, FuserRow) else None
    splits = SPLITS if experiment.folds and not fold else ("train",)  # in some fold, every pair is trained on

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(fold_folder(inputs["prepare"], fold), *splits)
        disturbed = _intervened(pairs, data.interventions, data.seed)
        make_images(maker, inputs, disturbed, out_dir / _IMAGES)
        return {"images": len(disturbed), "pairs": len(pairs)}

    key: dict[str, Any] = {"share": data.interventions, "seed": data.seed}
    if isinstance(maker, EarlyRow):
        return Stage(_name(maker), run, key, ("prepare",), may_fail=True)
    key["images"] = maker.key
    return Stage(_name(maker), run, key, ("prepare", *maker.needs), maker.inputs, may_fail=True)


def _intervened(pairs: Sequence[Pair], share: float, seed: int) -> list[Pair]:
    chosen = ((pair, intervention_on(pair.stem, share, seed)) for pair in pairs)
    return [disturb([pair], Condition(name, 1), seed)[0] for pair, name in chosen if name]
