"""A segmenter that is trained along with a fusion network and judges its images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from downstream.datasets import Mask, MaskedPair, read_mask
from downstream.segmentation.normalisation import IMAGENET_STATISTICS
from downstream.segmentation.prediction import segment
from downstream.segmentation.score import class_ious, confusion_matrix, mean_iou
from downstream.segmentation.segmenter import build_segmenter
from downstream.segmentation.settings import IMAGENET, SegmenterSettings
from downstream.segmentation.steps import segmentation_loss
from fusion.images import CropWindow, to_bytes
from fusion.seeds import seed_for
from fusion.storage import Fingerprints


class SegmentationCritic:
    """The loss of a segmenter on crops of fused images, and its mIoU on whole ones: a `fusion.training.Critic`.

    Images are normalised by the statistics of ImageNet, because those of fused images change during the training.

    Args:
        items: the training pairs with their masks, in the order of the trainer.
        classes: class names in the order of the class numbers.
        segmenter: architecture, encoder and its pretrained weights.
        learning_rate: of its optimizer at the start.
        seed: of layers without pretrained weights.
        announce: as for `build_segmenter`.

    Raises:
        InputError: as `build_segmenter`.
    """

    def __init__(
        self,
        items: Sequence[MaskedPair],
        classes: Sequence[str],
        segmenter: SegmenterSettings,
        learning_rate: float,
        seed: int,
        announce: Callable[[str], None],
    ) -> None:
        self.learning_rate = learning_rate
        self._items, self._classes = items, tuple(classes)
        self._masks: dict[int, Mask] = {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "critic"))
            self.network = build_segmenter(segmenter, len(classes), announce)
        self.network.to(memory_format=torch.channels_last)
        weights = segmenter.encoder_weights
        files = [item.mask for item in items] + ([Path(weights)] if weights and weights != IMAGENET else [])
        self.facts: Mapping[str, Any] = {
            "task": "segmentation",
            **{name: asdict(segmenter)[name] for name in ("model", "encoder", "encoder_weights")},
            "learning_rate": learning_rate,
            "files": Fingerprints().of_all(files),
        }

    def loss(self, fused: Tensor, windows: Sequence[CropWindow]) -> Tensor:
        """Compute cross-entropy plus Dice loss, a mean over the crops; shapes as in `fusion.training.Critic`."""
        truth = torch.from_numpy(np.stack([self._shown(window) for window in windows])).long().to(fused.device)
        logits = self.network(IMAGENET_STATISTICS.scale(fused).to(memory_format=torch.channels_last))
        return torch.stack(segmentation_loss(logits, truth)).sum()

    def score(self, fused: Iterator[tuple[int, Tensor]]) -> float:
        """Compute the mIoU over all images together, in evaluation mode."""
        classes = len(self._classes)
        confusion = np.zeros((classes, classes), np.int64)
        for index, image in fused:
            predicted = segment(self.network, IMAGENET_STATISTICS, to_bytes(image), "float32")
            confusion += confusion_matrix(self._mask(index), predicted, classes)
        return mean_iou(class_ious(confusion)) or 0.0

    def _shown(self, window: CropWindow) -> Mask:
        """Cut the mask of a crop; where the trainer extends a small image by reflection, so is its mask."""
        mask = self._mask(window.pair)
        more = [max(window.side - side, 0) for side in mask.shape]
        mask = np.pad(mask, [(0, count) for count in more], mode="reflect")
        shown = mask[window.top : window.top + window.side, window.left : window.left + window.side]
        return shown[:, ::-1] if window.mirrored else shown

    def _mask(self, index: int) -> Mask:
        if index not in self._masks:
            item = self._items[index]
            self._masks[index] = read_mask(item.mask, self._classes, item.values)
        return self._masks[index]
