"""Under what a training runs that its settings leave open: the precision on its device, and versions of packages.

Importing this module does not import torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from fusion.errors import InputError, unknown_name
from fusion.storage import read_json, write_json

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16", "float16"]
PrecisionChoice = Precision | Literal["auto"]
Conditions = dict[str, str]
_FILE = "conditions.json"  # in the folder of a training
_TF32_CAPABILITY = (8, 0)  # of the first GPUs that have it


def require_precision(setting: str, choice: str) -> None:
    """Check the value of a setting.

    Raises:
        InputError: it is neither a precision nor "auto".
    """
    known = ("auto", *get_args(Precision))
    if choice not in known:
        raise unknown_name(setting, choice, known)


def available_precisions(device: torch.device, bfloat16: bool) -> list[Precision]:
    """List the precisions of a device, the fastest first; only a GPU has float16.

    Args:
        device: of a training or prediction.
        bfloat16: whether bfloat16 is available there.
    """
    has: dict[Precision, bool] = {"bfloat16": bfloat16, "float16": device.type == "cuda", "float32": True}
    return [precision for precision, is_available in has.items() if is_available]


def choose_precision(setting: str, choice: PrecisionChoice, device: torch.device, bfloat16: bool) -> Precision:
    """Return the precision to train with on a device; "auto" is the fastest of `available_precisions`.

    Args:
        setting: the name of the setting, for the error message.
        choice: its value.
        device: of the training.
        bfloat16: whether bfloat16 is available there.

    Raises:
        InputError: the precision is not available.

    Example:
        >>> import torch
        >>> [choose_precision("precision", "auto", torch.device("cuda"), has) for has in (True, False)]
        ['bfloat16', 'float16']
        >>> choose_precision("precision", "auto", torch.device("cpu"), bfloat16=False)
        'float32'
    """
    available = available_precisions(device, bfloat16)
    if choice == "auto":
        return available[0]
    if choice not in available:
        raise InputError(
            f"{setting}={choice}: not available on {device} (expected {' or '.join(available)}). Try: {setting}=auto"
        )
    return choice


def autocast_for(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the context in which a network computes in a precision."""
    import torch

    return torch.autocast(device.type, getattr(torch, precision), enabled=precision != "float32")


def describe_precision(precision: Precision, device: torch.device) -> str:
    """Say in words in which precision a device computes, such as "bfloat16 autocast".

    Float32 has TF32 convolutions, with 10 bits of mantissa, on the GPUs that support them, unless torch is told not to.
    """
    import torch

    if precision != "float32":
        return f"{precision} autocast"
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < _TF32_CAPABILITY:
        return precision
    uses = {"convolutions": torch.backends.cudnn.allow_tf32, "matrix products": torch.backends.cuda.matmul.allow_tf32}
    rounded = " and ".join(name for name, is_used in uses.items() if is_used)
    return f"{precision} (TF32 {rounded})" if rounded else precision


def save_conditions(out_dir: Path, conditions: Conditions) -> None:
    """Write the conditions of the training in `out_dir`, atomically."""
    write_json(out_dir / _FILE, conditions)


def load_conditions(out_dir: Path) -> Conditions:
    """Read what a training in `out_dir` ran under: "precision", and "albumentations" if a detector used that package.

    Raises:
        InputError: there is no such training.
    """
    conditions: Conditions = read_json(out_dir / _FILE)
    return conditions
