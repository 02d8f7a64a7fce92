"""Build the stages of a pipeline by the name of its task."""

from __future__ import annotations

from pathlib import Path

from fusion.errors import unknown_name
from pipelines.config import SettingsDict
from pipelines.extras import TASKS, require_extras
from pipelines.rows import build_experiment
from pipelines.stages import Task
from pipelines.tasks.detection import detection_task
from pipelines.tasks.quality import quality_task
from pipelines.tasks.segmentation import segmentation_task


def build_task(settings: SettingsDict, root: Path | None, folder: Path, command: str) -> Task:
    """Build the stages of a pipeline, after checking everything that can be checked without running them.

    Args:
        settings: as `choose_settings` returns them.
        root: absolute path of the data folder; None for the built-in sample.
        folder: the pipeline's work folder.
        command: as it was typed, for the report.

    Raises:
        InputError: an unknown task, a missing package, or settings that no stage could run with.
    """
    task = settings["task"]
    if task not in TASKS:
        raise unknown_name("task", task, TASKS)
    require_extras(task)
    experiment = build_experiment(settings, root, command)
    if task == "detection":
        return detection_task(experiment, folder / ".ultralytics")
    return segmentation_task(experiment) if task == "segmentation" else quality_task(experiment)
