"""Where tensors live."""

from __future__ import annotations

import torch

from fusion.errors import InputError


def choose_device(name: str = "auto") -> torch.device:
    """Turn "auto" into the GPU where there is one and the CPU elsewhere; take any other name as torch does.

    Raises:
        InputError: torch does not know the device, or it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device={name!r} cannot be used ({str(error).splitlines()[0]}); try device=auto") from error


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device has instructions for bfloat16; one that imitates them is slower than with float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
