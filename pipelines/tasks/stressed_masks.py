"""The stages that test segmentation networks under conditions."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from pipelines.rows import Experiment, LateRow, fold_folder
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.masks import BEST, MASKS, save_mask_scores
from pipelines.tasks.stress import Stressed, disturbed_images, keep_shown, stressed_networks


def stressed_mask_stages(experiment: Experiment) -> list[Stage]:
    """Return the stages of all rows and conditions."""
    both = (stressed_networks(experiment, merged=merged) for merged in (False, True))
    return [_stage(experiment, one) for stressed in both for one in stressed]


def _stage(experiment: Experiment, stressed: Stressed) -> Stage:
    """Segment the disturbed test images with the trained networks of all folds, or with those of all members."""
    row = experiment.row(stressed.run_id.fuser)

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from downstream.datasets import load_segmentation_data
        from downstream.segmentation import predict_masks, predict_mean_masks
        from fusion.devices import choose_device

        data = load_segmentation_data(inputs["prepare"] / "data.json")
        device, shown = str(choose_device(experiment.settings.device)), data.of("test")[0].pair.stem
        for training in stressed.trainings:
            tested = load_segmentation_data(fold_folder(inputs["prepare"], training.fold) / "data.json").of("test")
            pairs = [item.pair for item in tested]
            members = experiment.members(row, training) if isinstance(row, LateRow) else [training]
            weights = [inputs[member.training_stage] / BEST for member in members]
            with ExitStack() as stack:
                images = [
                    stack.enter_context(
                        disturbed_images(experiment, inputs, member, stressed.condition, pairs, out_dir)
                    )
                    for member in members
                ]
                if isinstance(row, LateRow):
                    predict_mean_masks(weights, images, out_dir / MASKS, device)
                else:
                    predict_masks(weights[0], images[0], out_dir / MASKS, device)
                    keep_shown(images[0], shown, out_dir)
        return save_mask_scores(out_dir, data)

    key = {**stressed.key, **({"method": row.method} if isinstance(row, LateRow) else {})}
    return Stage(stressed.name, run, key, stressed.needs, stressed.inputs, may_fail=True)
