"""Which scores of a detector or segmenter the tables show, and how to read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TaskScores:
    """The scores of one task.

    Attributes:
        title: of the task, in headings.
        means: column heading of every metric over all classes; the first is the main one.
        per_class: the metric of a single class.
        counted: what the number beside a class counts.
        explanation: of these metrics, as a Markdown list.
    """

    title: str
    means: dict[str, str]
    per_class: str
    counted: str
    explanation: str

    @property
    def main(self) -> str:
        """The main metric."""
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
    "ground-truth boxes",
    """\
- **mAP50**: average precision (AP) of a class is the area under its precision-recall curve, where a detection is a true
  positive if it overlaps a ground-truth box with IoU >= .5; mAP50 is the mean over the classes. **mAP50:95** also
  averages over the thresholds .50, .55, .., .95, so it rewards tight boxes. Higher is better, 1 is perfect.
- **small**, **medium**, **large**: mAP50:95 on ground-truth boxes of less than 32², up to 96² and more square pixels.
""",
)
SEGMENTATION = TaskScores(
    "Segmentation",
    {"mIoU": "mIoU", "mIoU_foreground": "mIoU without background", "pixel_accuracy": "pixel accuracy"},
    "IoU",
    "ground-truth pixels",
    """\
- **IoU** of a class: intersection over union of its ground-truth and predicted pixels, summed over all test images.
  **mIoU** is the mean over the classes, background included; the column beside it leaves the background out. **pixel
  accuracy** is the share of correctly classified pixels, most of which are background. Higher is better, 1 is perfect.
""",
)
