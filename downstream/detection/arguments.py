"""Convert the settings of a detector to arguments of ultralytics' trainer, and check them.

Call `isolate_ultralytics` before this module is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import yaml_model_load

from downstream.detection.extra import FIXED, SETTINGS
from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError, one_line

_HEADS = ("Detect", "v10Detect")  # others find masks, poses or turned boxes, or need texts or another trainer


def yolo_arguments(detector: DetectorSettings) -> dict[str, Any]:
    """Return the trainer arguments that follow from the settings."""
    return {
        **detector.extra,
        **{argument: getattr(detector, name) for argument, name in SETTINGS.items()},
        **FIXED,
    }


def require_arguments(detector: DetectorSettings) -> None:
    """Check the settings as ultralytics would when a training starts, which can be hours later.

    Raises:
        InputError: ultralytics does not know the architecture or an argument, a value is out of range, or the network
            predicts something other than the boxes of given classes.
    """
    with as_input_errors(detector):
        get_cfg(overrides=yolo_arguments(detector))
        layers = yaml_model_load(detector.model).get("head")
        head = layers[-1][2] if layers else "no layer"
        if head not in _HEADS:
            raise InputError(
                f"detector.model={detector.model!r}: not a detector of given classes "
                f"(found {head} as its last layer, expected {' or '.join(_HEADS)})"
            )


@contextmanager
def as_input_errors(detector: DetectorSettings, state: Path | None = None) -> Iterator[None]:
    """Convert the exceptions that ultralytics raises for wrong settings to one-line input errors.

    Args:
        detector: the settings.
        state: the state file of a training; if it exists, the settings have been accepted before, and exceptions have
            other causes and are left as they are.
    """
    try:
        yield
    except (SyntaxError, TypeError, ValueError, NotImplementedError, FileNotFoundError) as error:
        if isinstance(error, InputError) or (state and state.exists()):
            raise
        raise InputError(f"detector {detector.model!r}: {one_line(error)}") from error
