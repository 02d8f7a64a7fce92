"""Which arguments of ultralytics' trainer a user may pass, and what determines the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fusion.errors import InputError, unknown_name

HONOURED = (  # each changes the weights of a training, and none makes them depend on the machine
    *("lrf", "momentum", "weight_decay", "warmup_epochs", "warmup_momentum", "warmup_bias_lr", "cos_lr", "nbs"),
    *("box", "cls", "cls_pw", "dfl", "freeze", "fraction", "rect", "multi_scale"),
    *("hsv_h", "hsv_s", "hsv_v", "degrees", "translate", "scale", "shear", "perspective", "flipud", "fliplr", "bgr"),
    *("mosaic", "close_mosaic", "mixup", "cutmix"),
)
SETTINGS = {  # argument: attribute of DetectorSettings
    "model": "model",
    "epochs": "epochs",
    "imgsz": "image_size",
    "batch": "batch_size",
    "optimizer": "optimizer",
    "lr0": "learning_rate",
    "workers": "workers",
}
FIXED: dict[str, Any] = {
    "task": "detect",
    "mode": "train",
    "exist_ok": True,
    "pretrained": False,  # start weights are loaded without unpickling
    "deterministic": True,
    "amp": False,  # its check downloads a model; the trainer sets the precision
    "val": False,
    "plots": False,
    "verbose": False,
    "save": True,  # the trainer writes the state that a training resumes from
}
_ELSEWHERE = {
    **{argument: f"detector.{name}=..." for argument, name in SETTINGS.items()},
    **dict.fromkeys(("pretrained", "resume", "distill_model"), "detector.weights=FILE for weights"),
    "amp": "detector.precision=...",
    "augmentations": "detector.albumentations=...",
    "data": "--data DIR",
    "device": "device=...",
    "seed": "seeds=...",
    "save_dir": "--work-dir DIR",
}
_REASONS = {
    "cache": "the result would depend on the free memory",
    "classes": "all classes of the data are scored",
    "single_cls": "all classes of the data are scored",
    "compile": "ignored where there is no compiler",
    "patience": "the weights of the last epoch are scored",
    "time": "the number of epochs would depend on the speed of the machine",
    **{argument: f"always {value}" for argument, value in FIXED.items()},
}


def require_honoured(extra: Mapping[str, Any]) -> None:
    """Check that each extra argument decides what its name says.

    Raises:
        InputError: something else sets an argument, or it has no effect on a training without validation, or would make
            the result depend on the machine.
    """
    for name in extra:
        if name in _ELSEWHERE:
            raise InputError(f"detector.extra.{name}: set elsewhere. Try: {_ELSEWHERE[name]}")
        if name in _REASONS:
            raise InputError(f"detector.extra.{name}: not allowed ({_REASONS[name]})")
        if name not in HONOURED:
            raise unknown_name("argument in detector.extra:", name, HONOURED)
