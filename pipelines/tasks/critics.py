"""The network of the pipeline's task as the critic of a fusion network that is trained for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.errors import InputError
from pipelines.settings import Settings, TrainingSettings
from pipelines.tasks.boxes import isolate_detector

if TYPE_CHECKING:
    from downstream.datasets import LabelledPair, MaskedPair
    from fusion.images import Pair
    from fusion.training import Critic


def build_critic(
    settings: Settings, training: TrainingSettings, folder: Path, pairs: Sequence[Pair], work_dir: Path | None
) -> Critic | None:
    """Build the critic of a training; None if the network is trained for fusion alone.

    Args:
        settings: of the pipeline, whose detector or segmenter becomes the critic.
        training: of the fusion network.
        folder: of the data set, with `data.json`.
        pairs: that the network is trained on.
        work_dir: as for `fusion_stages`.

    Raises:
        InputError: crops are larger than an image: they would show reflected objects, which have no labels.
    """
    if training.task is None:
        return None
    seed = training.schedule.seed
    if training.task == "detection":
        from downstream.datasets import load_detection_data

        assert settings.detector is not None  # of a detection task
        assert work_dir is not None
        isolate_detector(work_dir)
        from downstream.detection import DetectionCritic

        boxes = load_detection_data(folder / "data.json")
        labelled = {item.pair.stem: item for item in boxes.items}
        items = [labelled[pair.stem] for pair in pairs]
        _require_room(items, training.schedule.crop)
        return DetectionCritic(items, boxes.classes, settings.detector, training.critic_rate, seed)

    from tqdm import tqdm

    from downstream.datasets import load_segmentation_data
    from downstream.segmentation import SegmentationCritic

    assert settings.segmenter is not None  # of a segmentation task
    masks = load_segmentation_data(folder / "data.json")
    masked = {item.pair.stem: item for item in masks.items}
    shown = [masked[pair.stem] for pair in pairs]
    _require_room(shown, training.schedule.crop)
    return SegmentationCritic(
        shown,
        masks.classes,
        settings.segmenter,
        training.critic_rate,
        seed,
        tqdm.write,
    )


def _require_room(items: Sequence[LabelledPair | MaskedPair], crop: int) -> None:
    for item in items:
        if min(item.width, item.height) < crop:
            raise InputError(
                f"training.schedule.crop={crop}: too large for {item.pair.visible} (found {item.width}x{item.height}, "
                f"expected sides of {crop} pixels or more)"
            )


def critic_key(settings: Settings, training: TrainingSettings) -> dict[str, Any]:
    """Return the settings that decide what the critic of a training is, as JSON values; none without one."""
    network = {"detection": settings.detector, "segmentation": settings.segmenter}.get(training.task or "")
    return {} if network is None else {"critic": asdict(network)}


def critic_files(settings: Settings, training: TrainingSettings) -> list[Path]:
    """Return the files of start weights and architectures that the critic of a training is built from."""
    named = list[str | None]()
    if training.task == "detection" and settings.detector:
        named = [settings.detector.weights, settings.detector.model]
    if training.task == "segmentation" and settings.segmenter:
        named = [settings.segmenter.encoder_weights]
    return [Path(name) for name in named if name and Path(name).is_file()]
