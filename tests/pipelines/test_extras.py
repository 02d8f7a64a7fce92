from __future__ import annotations

import sys

import pytest

from fusion.errors import InputError
from pipelines.extras import TASKS, require_extras


@pytest.mark.parametrize("task", TASKS)
def test_what_is_installed_is_enough(task: str) -> None:
    try:
        require_extras(task)
        told = ""
    except InputError as error:
        told = str(error)
    assert told == ""


@pytest.mark.parametrize(
    ("task", "package", "command"),
    [
        ("detection", "ultralytics", "detect,report"),
        ("segmentation", "segmentation_models_pytorch", "segment,report"),
        ("quality", "matplotlib", "report"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, task: str, package: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(InputError, match=rf'{task}: missing packages {package}.*pip install -e "\.\[{command}\]"'):
        require_extras(task)
