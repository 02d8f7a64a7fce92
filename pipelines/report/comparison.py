"""Compare the rows of a finished pipeline with any one of them."""

from __future__ import annotations

from downstream.datasets import DetectionData, SegmentationData, load_detection_data, load_segmentation_data
from pipelines.report.detection import detection_reader
from pipelines.report.reader import Reader, image_groups, resampled_runs
from pipelines.report.segmentation import segmentation_reader
from pipelines.report.significance import Difference, differences
from pipelines.rows import Experiment
from pipelines.stages import Inputs


def compare_rows(experiment: Experiment, inputs: Inputs, baseline: str) -> list[Difference]:
    """Return what can be concluded about every other row without a failed run, as the report does for its baseline.

    Args:
        experiment: of a pipeline of task detection or segmentation.
        inputs: of its report stage.
        baseline: the row to compare with; without a failed run.
    """
    path = inputs["prepare"] / "data.json"
    data: DetectionData | SegmentationData
    reader: Reader
    if experiment.settings.task == "detection":
        data = load_detection_data(path)
        reader = detection_reader(data)
    else:
        data = load_segmentation_data(path)
        reader = segmentation_reader(data)
    return differences(
        resampled_runs(experiment.runs, inputs, reader), image_groups(experiment, data, reader), baseline
    )
