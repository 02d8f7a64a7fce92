"""What was noted while a detector trained, read without ultralytics."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from fusion.errors import InputError

_LOSS = "train/"  # begins the name of every loss over the training images


def training_losses(out_dir: Path) -> dict[int, float]:
    """Read from the log of `train_detector` how the training loss fell: by epoch, from 1, the sum of all its losses.

    A loss that is no number is left out. Only the columns of losses are read: the row of the last epoch lacks the zeros
    that stand for a validation in the others.

    Raises:
        InputError: there is no log.
    """
    path = out_dir / "run" / "results.csv"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), skipinitialspace=True))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    sums = {
        int(row["epoch"]): sum(float(value) for name, value in row.items() if name and name.startswith(_LOSS))
        for row in rows
    }
    return {epoch: loss for epoch, loss in sorted(sums.items()) if math.isfinite(loss)}
