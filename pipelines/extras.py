"""Which optional packages a task needs, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from fusion.errors import InputError

REPORT: dict[str, tuple[str, ...]] = {"report": ("matplotlib",)}
_NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "detection": {"detect": ("pycocotools", "torchvision", "ultralytics"), **REPORT},
    "segmentation": {"segment": ("segmentation_models_pytorch", "torchvision"), **REPORT},
    "quality": REPORT,
}
TASKS = {
    "detection": "which fusion makes a detector see best: mAP",
    "segmentation": "which fusion makes a segmentation network see best: mIoU",
    "quality": "what the fusion metrics say of each fusion",
}


def require_extras(task: str) -> None:
    """Check that the packages that a task needs are installed.

    Raises:
        InputError: a package is missing; the message has the command that installs it.
    """
    require_packages(task, _NEEDED[task])


def require_packages(what: str, extras: Mapping[str, Sequence[str]]) -> None:
    """Check that the packages of some extras are installed.

    Raises:
        InputError: as `require_extras`.
    """
    missing = [name for packages in extras.values() for name in packages if find_spec(name) is None]
    if missing:
        raise InputError(f'{what}: missing packages {", ".join(missing)}. Try: pip install -e ".[{",".join(extras)}]"')
