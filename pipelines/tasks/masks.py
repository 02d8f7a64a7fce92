"""The stages that end in scored masks without a training: merged networks, and predictions of other code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.rows import SCORES, EarlyRow, Experiment, FuserRow, LateRow, PredictionsRow, RunId, fold_folder
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.costs import Timing, median_ms

if TYPE_CHECKING:
    from downstream.datasets import SegmentationData

BEST = "best.safetensors"  # the weights that a training leaves
MASKS = "masks"  # folder of predicted masks


def mask_stages(experiment: Experiment) -> list[Stage]:
    """Return the scoring stages of the rows that train no network."""
    stages = []
    for run_id in (part for run in experiment.runs for part in experiment.trainings(run)):
        row = experiment.row(run_id.fuser)
        if isinstance(row, PredictionsRow):
            stages.append(_external_stage(row, run_id))
        elif isinstance(row, LateRow):
            stages.append(_merging_stage(experiment, row, run_id))
    return stages


def image_path(row: FuserRow | EarlyRow, folder: Path, stem: str) -> Path:
    """Return the image of a pair that the network of a row sees."""
    return folder / "images" / f"{stem}{row.suffix}"


def reading_stage(row: PredictionsRow) -> Stage:
    """Read and check the masks that other code has predicted, before anything trains."""

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import import_external_masks

        data = load_segmentation_data(inputs["prepare"] / "data.json")
        import_external_masks(row.path, data, out_dir / MASKS)
        return {"masks": len(data.of("test"))}

    return Stage(row.stage, run, needs=("prepare",), inputs=row.inputs)


def save_mask_scores(out_dir: Path, data: SegmentationData) -> Summary:
    """Score the masks of the test images in `out_dir`, and leave all that the report reads."""
    from fusion.storage import write_json
    from pipelines.rows import score_masks

    scores = score_masks(out_dir, data.of("test"), out_dir / MASKS, data.classes)
    write_json(out_dir / SCORES, [asdict(score) for score in scores])
    return {"mIoU": scores[0].value}


def _external_stage(row: PredictionsRow, run_id: RunId) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from fusion.storage import link_or_copy

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        for item in data.of("test"):
            name = f"{item.pair.stem}.png"
            link_or_copy(inputs[row.stage] / MASKS / name, out_dir / MASKS / name)
        return save_mask_scores(out_dir, data)

    return Stage(run_id.scoring_stage, run, needs=("prepare", row.stage), may_fail=True)


def _merging_stage(experiment: Experiment, row: LateRow, run_id: RunId) -> Stage:
    """Average the class probabilities of other runs; a member that failed fails this run with its reason."""
    members: Sequence[RunId] = experiment.members(row, run_id)
    fused = [f"fuse/{experiment.fusion_of(member)}" for member in members]
    device = experiment.settings.device

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import predict_mean_masks
        from fusion.devices import choose_device

        data = load_segmentation_data(fold_folder(inputs["prepare"], run_id.fold) / "data.json")
        stems = [item.pair.stem for item in data.of("test")]
        images = [_member_images(experiment, member, inputs, stems) for member in members]
        networks = [inputs[member.training_stage] / BEST for member in members]
        predict_mean_masks(networks, images, out_dir / MASKS, str(choose_device(device)))
        return save_mask_scores(out_dir, data)

    needs = ("prepare", *dict.fromkeys(fused), *(member.training_stage for member in members))
    return Stage(run_id.scoring_stage, run, {"method": row.method, "device": device}, needs=needs, may_fail=True)


def _member_images(experiment: Experiment, run_id: RunId, inputs: Inputs, stems: Sequence[str]) -> list[Path]:
    """Return what the network of a member of a late row sees of each scene."""
    row = experiment.row(run_id.fuser)
    assert isinstance(row, FuserRow | EarlyRow)  # others cannot be merged
    folder = inputs[f"fuse/{experiment.fusion_of(run_id)}"]
    return [image_path(row, folder, stem) for stem in stems]


def time_merged_masks(
    experiment: Experiment, inputs: Inputs, row: LateRow, run_id: RunId, stems: Sequence[str]
) -> Timing:
    """Time merging the class probabilities of the members of a late row, which are predicted again, untimed."""
    from downstream.segmentation import class_probabilities, load_segmenter, mean_mask, read_pixels
    from fusion.devices import choose_device

    place, members = str(choose_device(experiment.settings.device)), experiment.members(row, run_id)
    networks = [load_segmenter(inputs[member.training_stage] / BEST, place) for member in members]
    images = [_member_images(experiment, member, inputs, stems) for member in members]
    frames = (
        [class_probabilities(*network, read_pixels(path)) for network, path in zip(networks, paths, strict=True)]
        for paths in zip(*images, strict=True)
    )
    return median_ms(mean_mask, frames, place)
