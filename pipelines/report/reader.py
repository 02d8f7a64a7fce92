"""What the comparison of rows reads from the scoring stages of their runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from downstream.datasets import DetectionData, SegmentationData, group_images
from pipelines.report.significance import ImageGroups, Resampled
from pipelines.rows import Experiment, RunId, SubsetScorer
from pipelines.stages import Inputs


class Reader(NamedTuple):
    """How the report reads what the scoring of a run left in a folder.

    Attributes:
        resampled: scores on resamples of the test images.
        scorer: scores on some of the test images.
        shows: (I,) which test images have ground truth of a class, by class.
    """

    resampled: Callable[[Path], Resampled]
    scorer: Callable[[Path], SubsetScorer]
    shows: Mapping[str, npt.NDArray[np.bool_]]


def resampled_runs(runs: Sequence[RunId], inputs: Inputs, reader: Reader) -> dict[str, list[Resampled]]:
    """Read what the scoring of every run left behind, by fuser; a fuser with a failed run is left out."""
    failed = {run_id.fuser for run_id in runs if run_id.scoring_stage not in inputs.folders}
    found: dict[str, list[Resampled]] = {}
    for run_id in runs:
        if run_id.fuser not in failed:
            found.setdefault(run_id.fuser, []).append(reader.resampled(inputs[run_id.scoring_stage]))
    return found


def image_groups(experiment: Experiment, data: DetectionData | SegmentationData, reader: Reader) -> ImageGroups:
    """Tell which test images are drawn together."""
    stems = [item.pair.stem for item in data.of("test")]
    return ImageGroups(np.array(group_images(stems, experiment.settings.data.groups)), reader.shows)
