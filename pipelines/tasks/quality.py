"""The stages of a fusion quality pipeline, from image pairs to a table of fusion metrics."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import ALL, SPLITS, divide_pairs, find_pairs, require_pairs, require_undivided
from fusion.errors import InputError
from fusion.images import Pair, with_infrared_range
from fusion.registration import Registration
from pipelines.rows import Experiment, save_pairs, stress_stage
from pipelines.stages import Inputs, Stage, Summary, Task
from pipelines.tasks.effects import effects_stages
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stages
from pipelines.tasks.scoring import metric_stages, stressed_metric_stages
from pipelines.tasks.stress import trying_stages


def quality_task(experiment: Experiment) -> Task:
    """Return all stages in order.

    Raises:
        InputError: a network has to be trained, but the split leaves no training pairs; or a share of training images.
    """
    trained = [row.name for row in experiment.fused_rows if row.training]
    if not experiment.is_sample and experiment.settings.data.split == ALL and trained:
        raise InputError(
            f"data.split={ALL!r}: leaves no pairs to train fuser {trained[0]!r}. Try: another split, or given weights"
        )
    if experiment.settings.data.interventions:
        found = f"data.interventions={experiment.settings.data.interventions:g}"
        raise InputError(f"{found}: without effect (task quality trains no detector or segmenter)")
    stages = [*sample_stages(experiment), _prepare_stage(experiment), *trying_stages(experiment)]
    stages += fusion_stages(experiment, ("test",))
    stages += metric_stages(experiment)
    stages += stressed_metric_stages(experiment)
    stages += effects_stages(experiment)
    stages.append(_report_stage(experiment))
    return Task(stages, [])


def _prepare_stage(experiment: Experiment) -> Stage:
    data = experiment.settings.data
    names = ("", "") if experiment.is_sample else (data.infrared or "", data.visible or "")

    def read_data(out_dir: Path, folder: Path, split: str) -> Summary:
        pairs = split_pairs(folder, split, data.seed, *names, data.load_registration())
        ranged = iter(with_infrared_range([pair for name in SPLITS for pair in pairs[name]], data.infrared_range))
        save_pairs(out_dir, {name: [next(ranged) for _ in pairs[name]] for name in SPLITS})
        return {f"{name}_images": len(of_split) for name, of_split in pairs.items()}

    return prepare_stage(experiment, read_data, version=2)


def _report_stage(experiment: Experiment) -> Stage:
    """Write the report; a failed fuser becomes a row with its reason."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from pipelines.report import write_quality_report

        return {"failed": write_quality_report(out_dir, experiment, inputs)}

    of_rows = [f"{stage}/{row}" for row in experiment.row_names for stage in ("fuse", "score_fusion")]
    analysed = [f"effects/{row.name}" for row in experiment.analysed_rows]
    trained = [stage for row in experiment.fused_rows for stage in row.needs]
    settings = experiment.settings
    conditions = settings.stress.conditions
    stressed = [stress_stage(row.name, condition) for row in experiment.stressed_fusions for condition in conditions]
    key = {"name": settings.name, "panels": settings.panels}
    return Stage("report", run, key, needs=("prepare", *trained, *of_rows, *analysed, *stressed), version=4)


def split_pairs(
    root: Path,
    split: str,
    seed: int,
    infrared: str = "",
    visible: str = "",
    registration: Registration | None = None,
) -> dict[str, list[Pair]]:
    """List the pairs below `root` for train, val and test.

    Args:
        root: holds one infrared and one visible folder, or folders train, test and optionally val of that form.
        split: "all" puts every pair into test; otherwise as for `read_detection_data`.
        seed: of the split "random".
        infrared: name of the infrared folder; "" finds the usual ones.
        visible: likewise.
        registration: of the two cameras, as `Pair` has it.

    Raises:
        InputError: folders, names or the split are not as described, or no pair is left for test.
    """
    if split == ALL:
        require_undivided(root, split)
        return {"train": [], "val": [], "test": find_pairs(root, infrared, visible, registration)}
    found = divide_pairs(root, split, seed, infrared, visible, registration)
    by_split = {
        name: [pair for folder in found for pair in folder.used if folder.split_of[pair.stem] == name]
        for name in SPLITS
    }
    require_pairs(root, split, by_split, "test")
    return by_split
