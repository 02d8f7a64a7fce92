"""The contract of a critic: a network for a task that is trained along with the fusion network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

    from fusion.images import CropWindow


class Critic(Protocol):
    """A detector or segmenter, with the labels of the training pairs, as the trainer of a fusion network sees it.

    The trainer minimises its loss by the weights of both networks, keeps its state with that of the training, and
    throws it away at the end.

    Attributes:
        network: in training or evaluation mode, as the trainer sets it.
        learning_rate: of its optimizer at the start; it follows the schedule of the fusion network.
        facts: everything that decides what it does, as JSON values.
    """

    network: nn.Module
    learning_rate: float
    facts: Mapping[str, Any]

    def loss(self, fused: Tensor, windows: Sequence[CropWindow]) -> Tensor:
        """Compute the loss of the task.

        Args:
            fused: (B, 3, S, S) float32 RGB in [0, 1], with gradients.
            windows: where each of them was cut, for its labels.

        Returns:
            A scalar, a mean over the samples.
        """
        ...

    def score(self, fused: Iterator[tuple[int, Tensor]]) -> float:
        """Compute the score of the task on whole fused images.

        Args:
            fused: numbers of pairs, each with its fused image, (3, H, W) float32 RGB in [0, 1].

        Returns:
            A score in [0, 1], higher is better, such as mAP50 or mIoU; 0 where none is defined.
        """
        ...
