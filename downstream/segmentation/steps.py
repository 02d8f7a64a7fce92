"""One training step and one validation of a segmenter, and the loss that it minimises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from downstream.conditions import autocast_for
from downstream.datasets import IGNORED
from downstream.segmentation.labelled_images import LabelledImages
from downstream.segmentation.prediction import segment
from downstream.segmentation.score import class_ious, confusion_matrix, mean_iou
from downstream.segmentation.state import SegmenterState
from fusion.errors import InputError


def segmentation_loss(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Compute cross-entropy, a mean over pixels, and Dice loss, a mean over classes; ignored pixels do not count.

    Args:
        logits: (B, C, H, W).
        truth: (B, H, W) int64 of class numbers 0..C-1 and `IGNORED`.

    Returns:
        Two float32 scalars, lower is better. The cross-entropy in nats. The Dice loss in [0, 1]: 1 minus twice the
        intersection over the sum of both areas, averaged over the classes in this ground truth. Both are 0 if every
        pixel is ignored.

    Example:
        >>> logits = torch.tensor([[[[8.0, -8.0]], [[-8.0, 8.0]]]])  # (1, 2, 1, 2): class 0, then class 1
        >>> [round(term.item(), 4) for term in segmentation_loss(logits, torch.tensor([[[0, 1]]]))]
        [0.0, 0.0]
        >>> [round(term.item(), 4) for term in segmentation_loss(logits, torch.tensor([[[1, 1]]]))]
        [8.0, 0.3333]
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


def training_step(state: SegmenterState, images: Tensor, truth: Tensor, rate: float, seed: int) -> list[float]:
    """Take one optimizer step on a mini-batch.

    Args:
        state: its network, optimizer, scaler and step number are updated.
        images: (B, C, S, S) float32 in [0, 1].
        truth: (B, S, S) int64 of class numbers and `IGNORED`.
        rate: the learning rate.
        seed: of dropout.

    Returns:
        Cross-entropy and Dice loss before the step.

    Raises:
        FloatingPointError: one of them is not finite; the step is not taken.
    """
    device = next(state.network.parameters()).device
    images, truth = images.to(device, memory_format=torch.channels_last), truth.to(device)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    state.network.train()
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        with autocast_for(device, state.precision):
            logits = state.network(state.statistics.scale(images))
    terms = torch.stack(segmentation_loss(logits, truth))
    if not terms.isfinite().all():
        raise FloatingPointError(f"training diverged at step {state.step}: cross-entropy, Dice = {terms.tolist()}")
    state.optimizer.zero_grad(set_to_none=True)
    state.scaler.scale(terms.sum()).backward()  # type: ignore[no-untyped-call]
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.step += 1
    values: list[float] = terms.tolist()
    return values


def validation_miou(
    state: SegmenterState, images: LabelledImages, classes: int, after_image: Callable[[], None]
) -> float:
    """Compute the mean IoU of the network on whole images, from one confusion matrix over all of them.

    Args:
        state: its network is left in evaluation mode.
        images: the validation images with their masks.
        classes: number of classes.
        after_image: called after each image.

    Returns:
        In [0, 1]: the mean over the classes, background included, that are in the ground truth or the prediction.

    Raises:
        InputError: a file cannot be read, or every pixel of every mask is ignored.
    """
    confusion = np.zeros((classes, classes), np.int64)
    for index in range(len(images)):
        image, truth = images.read(index)
        confusion += confusion_matrix(truth, segment(state.network, state.statistics, image, state.precision), classes)
        after_image()
    mean = mean_iou(class_ious(confusion))
    if mean is None:
        raise InputError(f"validation masks: no class numbers (found only {IGNORED}, which is ignored)")
    return mean
