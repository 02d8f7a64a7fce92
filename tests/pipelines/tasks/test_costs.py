from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pipelines.tasks.costs import median_ms


def test_neither_the_first_time_nor_producing_a_frame_is_counted() -> None:
    calls = list[int]()

    def work(frame: int) -> None:
        time.sleep(0.02 if calls else 0.5)
        calls.append(frame)

    def frames() -> Iterator[int]:
        for frame in range(3):
            time.sleep(0.2)
            yield frame

    found = median_ms(work, frames(), "cpu")
    assert calls == [0, 0, 1, 2]
    assert found.frames == 3
    assert 20 <= found.ms < 150


def test_slow_work_is_measured_on_fewer_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.tasks.costs._LONGEST_S", 0.1)
    found = median_ms(lambda frame: time.sleep(0.06), range(1000), "cpu")
    assert found.frames == 2
