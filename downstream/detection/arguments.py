"""The settings of a detector in the arguments of ultralytics' trainer. Call `isolate_ultralytics` first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import yaml_model_load

from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError, one_line


def yolo_arguments(detector: DetectorSettings) -> dict[str, Any]:
    """Give what the settings decide of a training."""
    return {
        **detector.extra,
        "model": detector.model,
        "epochs": detector.epochs,
        "imgsz": detector.image_size,
        "batch": detector.batch_size,
        "optimizer": detector.optimizer,
        "lr0": detector.learning_rate,
        "workers": detector.workers,
    }


def require_arguments(detector: DetectorSettings) -> None:
    """Check names and values as ultralytics will, which can be hours before a training starts.

    Raises:
        InputError: ultralytics does not know the architecture or an argument, or a value is out of its range. A wrong
            optimizer is told by the training alone.
    """
    with telling_mistakes(detector):
        get_cfg(overrides=yolo_arguments(detector))
        yaml_model_load(detector.model)


@contextmanager
def telling_mistakes(detector: DetectorSettings, state: Path | None = None) -> Iterator[None]:
    """Turn what ultralytics raises about wrong settings, in many lines, into one of ours.

    Where a training has left its `state`, errors are not about the settings.
    """
    try:
        yield
    except (SyntaxError, TypeError, ValueError, NotImplementedError, FileNotFoundError) as error:
        if isinstance(error, InputError) or (state and state.exists()):
            raise
        raise InputError(f"detector {detector.model!r}: {one_line(error)}") from error
