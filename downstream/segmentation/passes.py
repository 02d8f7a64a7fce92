"""What one step and one validation of a segmenter's training do with its network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from downstream.segmentation.half_precision import autocast_for
from downstream.segmentation.labelled_images import LabelledImages
from downstream.segmentation.loss import segmentation_loss
from downstream.segmentation.prediction import segment
from downstream.segmentation.score import class_ious, confusion_matrix, mean_iou
from downstream.segmentation.state import SegmenterState
from fusion.errors import InputError


def training_step(state: SegmenterState, images: Tensor, truth: Tensor, rate: float, seed: int) -> list[float]:
    """Take one step on a batch.

    Args:
        state: its network, optimizer, scaler and number of steps change.
        images: (B, 3, S, S) float32 in [0, 1].
        truth: (B, S, S) int64 class numbers.
        rate: of learning.
        seed: decides dropout.

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
        with autocast_for(device):
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
    """Measure the mean IoU of the network on whole images, from one confusion matrix.

    Args:
        state: its network is left in evaluation mode.
        images: with their truth.
        classes: how many.
        after_image: called after each.

    Returns:
        In [0, 1]: the mean over the classes, background included, that are in truth or prediction.

    Raises:
        InputError: a file cannot be read, or no pixel of any image has a class.
    """
    confusion = np.zeros((classes, classes), np.int64)
    for index in range(len(images)):
        image, truth = images.read(index)
        confusion += confusion_matrix(truth, segment(state.network, state.statistics, image), classes)
        after_image()
    mean = mean_iou(class_ious(confusion))
    if mean is None:
        raise InputError("the masks of the validation images hold no class number, only pixels to ignore")
    return mean
