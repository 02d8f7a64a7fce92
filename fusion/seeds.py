"""Seeds derived from their purpose, not from earlier draws, so that every step can be repeated on its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """Derive a 63-bit seed from the seed of the run and a purpose.

    Example:
        >>> seed_for(0, "masks", 17) == seed_for(0, "masks", 17), seed_for(0, "masks", 17) == seed_for(0, "masks", 18)
        (True, False)
    """
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_for(seed: int, *purpose: str | int) -> torch.Generator:
    """Create a CPU generator seeded with `seed_for(seed, *purpose)`.

    Example:
        >>> import torch
        >>> first, second = (torch.rand(3, generator=generator_for(0, "noise")) for _ in range(2))
        >>> torch.equal(first, second)
        True
    """
    import torch

    return torch.Generator().manual_seed(seed_for(seed, *purpose))
