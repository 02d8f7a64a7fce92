"""Which scores of a detector or a segmenter the tables show, and how a reader is to take them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskScores:
    """The scores of one task.

    Args:
        title: names the task in headings.
        means: the heading of every metric over all classes; the first one decides.
        per_class: the metric of a single class.
        counted: what is counted of a class.
        explanation: of these metrics, as a Markdown list.
    """

    title: str
    means: dict[str, str]
    per_class: str
    counted: str
    explanation: str

    @property
    def main(self) -> str:
        """The metric that decides."""
        return next(iter(self.means))


DETECTION = TaskScores(
    "Detection",
    {
        "mAP50": "mAP50",
        "mAP50:95": "mAP50:95",
        "mAP50:95_small": "small",
        "mAP50:95_medium": "medium",
        "mAP50:95_large": "large",
    },
    "AP50",
    "true boxes",
    """\
- **mAP50**: average precision of a class is the area under its precision-recall curve, a detection counting as right
  when it overlaps a true box with IoU >= .5; mAP50 is the mean over the classes. **mAP50:95** is also the mean over the
  thresholds .50, .55, .., .95, so it rewards boxes that fit. Higher is better, 1 is perfect.
- **small**, **medium**, **large**: mAP50:95 on true boxes of less than 32², up to 96² and more square pixels.
""",
)
SEGMENTATION = TaskScores(
    "Segmentation",
    {"mIoU": "mIoU", "mIoU_foreground": "mIoU without background", "pixel_accuracy": "pixel accuracy"},
    "IoU",
    "true pixels",
    """\
- **IoU** of a class: the pixels where truth and prediction agree on it, as a share of those where either has it, summed
  over all test images. **mIoU** is the mean over the classes, the background included; the column beside it leaves the
  background out. **pixel accuracy** is the share of all pixels that are right, most of which are background. Higher is
  better, 1 is perfect.
""",
)
