"""What the processes of stages import ahead."""

from __future__ import annotations

import importlib.util

import pytest

from pipelines.extras import TASKS
from pipelines.stage_worker import PRELOAD


def test_every_task_has_modules_to_import_ahead() -> None:
    assert PRELOAD.keys() == TASKS.keys()


@pytest.mark.parametrize("name", sorted({name for names in PRELOAD.values() for name in names}))
def test_a_module_to_import_ahead_exists(name: str) -> None:
    assert importlib.util.find_spec(name)  # the server of processes says nothing of one that does not
