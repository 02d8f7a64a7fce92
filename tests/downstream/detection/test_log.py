from __future__ import annotations

from pathlib import Path

import pytest

from downstream.detection.log import training_losses
from fusion.errors import InputError

HEAD = "epoch,time,train/box_loss,train/cls_loss,train/dfl_loss,metrics/mAP50(B),val/box_loss,lr/pg0\n"


def log(out_dir: Path, *lines: str) -> Path:
    (out_dir / "run").mkdir()
    (out_dir / "run" / "results.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return out_dir


def test_the_losses_of_an_epoch_are_summed_also_where_a_row_lacks_its_validation(tmp_path: Path) -> None:
    out_dir = log(tmp_path, "1,20.5,4,2,1,0,9,0.01", "2,41,3,1.5,0.5,0.07")
    assert training_losses(out_dir) == {1: 7.0, 2: 5.0}


def test_a_repeated_epoch_counts_as_it_was_at_last(tmp_path: Path) -> None:
    out_dir = log(tmp_path, "1,2,4,2,1,0,0,0", "2,4,9,9,9,0,0,0", "2,4,1,1,1,0,0,0", "3,6,1,1,0,0")
    assert training_losses(out_dir) == {1: 7.0, 2: 3.0, 3: 2.0}


def test_a_loss_that_is_no_number_is_left_out(tmp_path: Path) -> None:
    assert training_losses(log(tmp_path, "1,2,nan,2,1,0,0,0", "2,4,1,1,1,0")) == {2: 3.0}


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"results\.csv: cannot be read"):
        training_losses(tmp_path)
