"""Build the stages of a pipeline by the name of its task."""

from __future__ import annotations

from pathlib import Path

from fusion.errors import unknown_name
from pipelines.config import Chosen
from pipelines.extras import TASKS, require_extras
from pipelines.rows import build_experiment
from pipelines.stages import Task
from pipelines.tasks.detection import detection_task
from pipelines.tasks.quality import quality_task
from pipelines.tasks.segmentation import segmentation_task


def build_task(chosen: Chosen, folder: Path, command: str) -> Task:
    """Build the stages of a pipeline, after checking everything that can be checked without running them.

    Args:
        chosen: settings and data.
        folder: the pipeline's work folder.
        command: as it was typed, for the report.

    Raises:
        InputError: an unknown task, a missing package, or settings that no stage could run with.
    """
    if chosen.task not in TASKS:
        raise unknown_name("task", chosen.task, TASKS)
    require_extras(chosen.task)
    experiment = build_experiment(chosen, command)
    if chosen.task == "detection":
        return detection_task(experiment, folder)
    return segmentation_task(experiment) if chosen.task == "segmentation" else quality_task(experiment)
