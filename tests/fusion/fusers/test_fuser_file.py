"""Fusers in a Python file of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fusion import InputError, build_fuser

FUSER = """\
from dataclasses import dataclass
from typing import ClassVar

@dataclass
class Weighted:
    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True
    share: float = 0.5

    def fuse(self, infrared, visible):
        return self.share * infrared + (1 - self.share) * visible

class Flagless:
    def fuse(self, infrared, visible):
        return infrared

class Idle:
    learned = colour = True

answer = 42
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(FUSER)
    return tmp_path / "mine.py"


def test_a_class_of_a_file_is_built_with_its_options(file: Path) -> None:
    infrared, visible = torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    assert float(build_fuser(f"{file}:Weighted", share=0.25).fuse(infrared, visible).mean()) == 0.25


def test_a_changed_file_is_read_again(file: Path) -> None:
    assert build_fuser(f"{file}:Weighted").colour
    file.write_text(FUSER.replace("colour: ClassVar[bool] = True", "colour: ClassVar[bool] = False  # now grey"))
    assert not build_fuser(f"{file}:Weighted").colour
    assert [path.name for path in file.parent.iterdir()] == ["mine.py"]


def test_a_path_relative_to_where_the_user_is_will_do(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert build_fuser("mine.py:Weighted").colour


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.py:Wieghted", r"unknown class of mine\.py 'Wieghted'\. Did you mean 'Weighted'"),
        ("mine.py:answer", r"unknown class of mine\.py 'answer'"),
        ("mine.py:Flagless", "is no fuser; expected learned = True or False and colour = True or False in the class"),
        ("mine.py:Idle", r"is no fuser; expected a method fuse\(self, infrared, visible\) in the class"),
        ("mine.py", r"'mine\.py' names no class; expected path/to/file\.py:ClassName"),
        ("mine.py:", r"'mine\.py:' names no class"),
        ("other.py:Weighted", r"other\.py: cannot be read \(No such file"),
        ("broken.py:Weighted", r"broken\.py: cannot be imported \(ModuleNotFoundError: .*no_such_package"),
        ("typo.py:Weighted", r"typo\.py: cannot be imported \(SyntaxError: "),
    ],
)
def test_a_mistake_is_told(file: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    (file.parent / "broken.py").write_text("import no_such_package\n")
    (file.parent / "typo.py").write_text("def fuse(:\n")
    monkeypatch.chdir(file.parent)
    with pytest.raises(InputError, match=message):
        build_fuser(name)


def test_an_unknown_option_gets_a_suggestion(file: Path) -> None:
    with pytest.raises(InputError, match=r"unknown option of fuser .* 'shere'\. Did you mean 'share'"):
        build_fuser(f"{file}:Weighted", shere=1)
