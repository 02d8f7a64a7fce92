"""Randomness that depends on what it is for, never on what was drawn before: any step can be repeated alone."""

from __future__ import annotations

import hashlib

import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """Derive a 63-bit seed from the run's seed and the purpose, for example ("masks", 17)."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator_for(seed: int, *purpose: str | int) -> torch.Generator:
    """Give a CPU generator for one purpose."""
    return torch.Generator().manual_seed(seed_for(seed, *purpose))
