"""What a segmenter minimises: cross-entropy, which counts pixels, and Dice, which counts classes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from downstream.datasets import IGNORED


def segmentation_loss(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Measure how far predictions are from the truth, pixels of `IGNORED` left out.

    Args:
        logits: (B, C, H, W).
        truth: (B, H, W) int64: a class number 0..C-1, or `IGNORED`.

    Returns:
        Two float32 numbers, lower is better. The cross-entropy, mean over pixels. The Dice loss in [0, 1]: 1 minus
        twice the common area over the sum of both, mean over the classes in this truth. Both are 0 without any pixel.
    """
    logits = logits.float()
    valid = truth != IGNORED
    pixels = F.cross_entropy(logits, truth, ignore_index=IGNORED, reduction="sum")
    cross_entropy = pixels / valid.sum().clamp(min=1)

    predicted = logits.softmax(1) * valid.unsqueeze(1)  # (B, C, H, W)
    true = F.one_hot(truth.where(valid, 0), logits.shape[1]).movedim(-1, 1) * valid.unsqueeze(1)  # (B, C, H, W)
    common, areas = (term.sum((0, 2, 3)) for term in (predicted * true, predicted + true))  # (C,)
    present = true.sum((0, 2, 3)) > 0
    losses = torch.where(present, 1 - 2 * common / areas.clamp(min=1e-6), 0)
    return cross_entropy, losses.sum() / present.sum().clamp(min=1)
