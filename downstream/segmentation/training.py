"""Train a segmenter: one visible loop that can be killed at any time and resumes after its last complete epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from downstream.conditions import Precision, describe_precision, save_conditions
from downstream.segmentation.crops import SegmentationCrops
from downstream.segmentation.labelled_images import Labelled, LabelledImages
from downstream.segmentation.normalisation import imagenet_statistics, measure_statistics
from downstream.segmentation.segmenter import build_segmenter, untrained_segmenter
from downstream.segmentation.settings import IMAGENET, SegmenterSettings
from downstream.segmentation.state import COLUMNS, Row, SegmenterState, read_progress, write_log
from downstream.segmentation.steps import training_step, validation_miou
from fusion.errors import InputError
from fusion.interrupts import deferred_interrupt
from fusion.seeds import generator_for, seed_for

_DECAY = 0.9  # exponent of the learning rate schedule


def train_segmenter(
    out_dir: Path,
    training: Sequence[Labelled],
    validation: Sequence[Labelled],
    classes: Sequence[str],
    settings: SegmenterSettings,
    seed: int,
    device: str,
    on_epoch: Callable[[], None],
) -> Path:
    """Train a segmenter on cross-entropy plus Dice loss, or resume the training in `out_dir`.

    After every epoch, `best.safetensors` (highest mIoU on the validation images at full size, the latest of equal
    ones), `last.safetensors` (everything needed to resume) and `log.csv` are written. A training that was killed and
    resumed ends with the same weights as an uninterrupted one; on a GPU, where sums have no fixed order, with nearly
    the same.

    Args:
        out_dir: a folder for this training only; created if missing.
        training: the training images, at least 2. Each epoch leaves out, at random, those that do not fill a batch.
        validation: the validation images, at least 1; they select the epoch.
        classes: class names in the order of the class numbers.
        settings: the network and its schedule.
        seed: of initial weights without pretrained ones, order, crops and dropout.
        device: "cpu" or "cuda".
        on_epoch: called after the files of an epoch are written.

    Returns:
        The path of `best.safetensors`.

    Raises:
        InputError: there are too few images, an image cannot be read, `out_dir` belongs to a training with other
            settings or cannot be written, the precision is not available on the device, or `build_segmenter` refuses
            the settings.
        FloatingPointError: the loss is not finite; the files of the last epoch are kept.
    """
    if len(training) < 2 or not validation:
        found = f"found {len(training)} training and {len(validation)} validation images"
        raise InputError(f"{found}, expected at least 2, for batch normalisation, and at least 1")
    best, last = out_dir / "best.safetensors", out_dir / "last.safetensors"
    precision = settings.precision_on(torch.device(device))
    facts = _facts(training, validation, classes, settings, precision, seed)
    if last.exists() and read_progress(last, facts)[1] == settings.epochs:
        return best
    images, held_out = LabelledImages(training, classes), LabelledImages(validation, classes)
    state = _start_or_resume(last, images, len(classes), settings, torch.device(device), precision, facts)
    save_conditions(out_dir, {"precision": describe_precision(precision, torch.device(device))})
    crops = SegmentationCrops(images, settings.crop, seed, settings.workers)
    batch_size = min(settings.batch_size, len(images))
    steps_per_epoch = len(images) // batch_size
    steps = settings.epochs * steps_per_epoch
    name = out_dir.name.strip(".").removesuffix(".part")
    bar = tqdm(total=steps, initial=state.step, desc=f"train {name}", unit="step", dynamic_ncols=True)
    with deferred_interrupt() as stop_if_asked, bar:
        for epoch in range(len(state.history), settings.epochs):
            order = torch.randperm(len(images), generator=generator_for(seed, "order", epoch)).tolist()
            sums = np.zeros(2)
            for start in range(0, steps_per_epoch * batch_size, batch_size):
                batch = crops.batch(order[start : start + batch_size], state.step)
                rate = settings.learning_rate * (1 - state.step / steps) ** _DECAY
                sums += training_step(state, *batch, rate, seed_for(seed, "dropout", state.step))
                bar.update()
                stop_if_asked()
            cross_entropy, dice = (sums / steps_per_epoch).tolist()
            miou = validation_miou(state, held_out, len(classes), stop_if_asked)
            row = (epoch + 1, cross_entropy + dice, cross_entropy, dice, rate, miou)
            _finish_epoch(state, dict(zip(COLUMNS, row, strict=True)), out_dir)
            bar.set_postfix(validation_mIoU=f"{miou:.4f}")
            on_epoch()
    return best


def _facts(
    training: Sequence[Labelled],
    validation: Sequence[Labelled],
    classes: Sequence[str],
    settings: SegmenterSettings,
    precision: Precision,
    seed: int,
) -> dict[str, Any]:
    """Return the settings that determine the result; checkpoints contain them, and a resumed training compares them."""
    segmenter = {**asdict(settings), "precision": precision}
    del segmenter["workers"]
    return {
        "segmenter": segmenter,
        "classes": list(classes),
        "seed": seed,
        "training_images": [labelled.image.stem for labelled in training],
        "validation_images": [labelled.image.stem for labelled in validation],
    }


def _start_or_resume(
    last: Path,
    images: LabelledImages,
    classes: int,
    settings: SegmenterSettings,
    device: torch.device,
    precision: Precision,
    facts: dict[str, Any],
) -> SegmenterState:
    resumes = last.exists()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(facts["seed"], "initial weights"))
        if resumes:
            network = untrained_segmenter(settings.model, settings.encoder, classes, images.channels)
        else:
            network = build_segmenter(settings, classes, tqdm.write, images.channels)
    network = network.to(device).to(memory_format=torch.channels_last)
    if resumes:
        statistics, _ = read_progress(last, facts)
    elif settings.normalisation == IMAGENET:
        statistics = imagenet_statistics(images.channels)
    else:
        statistics = measure_statistics(images)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")
    state = SegmenterState(network, optimizer, scaler, precision, statistics, facts)
    if resumes:
        state.load(last)
    return state


def _finish_epoch(state: SegmenterState, row: Row, out_dir: Path) -> None:
    if state.close_epoch(row):
        state.save_network(out_dir / "best.safetensors")
    write_log(out_dir / "log.csv", state.history)
    state.save(out_dir / "last.safetensors")
