"""Select the device of tensors. Importing this module does not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fusion.errors import InputError

if TYPE_CHECKING:
    import torch


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of that name.

    Args:
        name: any name that torch accepts; "auto" is the GPU if there is one, otherwise the CPU.

    Raises:
        InputError: torch does not know the device, or it is not available.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device={name!r}: not available ({reason}). Try: device=auto") from error


def has_bfloat16(device: torch.device) -> bool:
    """Check whether a device has instructions for bfloat16; emulation is slower than float32."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def synchronize(device: str) -> None:
    """Wait until a GPU has finished its work; a CPU works synchronously."""
    import torch

    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
