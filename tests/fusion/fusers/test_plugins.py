"""Fusers from a user's Python file and from installed packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fusion import InputError, build_fuser, list_fusers
from fusion.fusers.catalogue import BUILT_IN
from fusion.fusers.registry import describe_fusers

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
MODULE = """\
class Darkest:
    learned, colour = False, True

    def fuse(self, infrared, visible):
        return infrared.minimum(visible)
"""
Install = Callable[..., None]


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


def test_a_path_is_relative_to_the_working_directory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert build_fuser("mine.py:Weighted").colour


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.py:Wieghted", r"unknown class of mine\.py 'Wieghted'\. Did you mean 'Weighted'"),
        ("mine.py:answer", r"unknown class of mine\.py 'answer'"),
        (
            "mine.py:Flagless",
            r"not a fuser \(expected the class to define learned = True or False and colour = True or False",
        ),
        ("mine.py:Idle", r"not a fuser \(expected the class to define a method fuse\(self, infrared, visible\)\)"),
        ("mine.py", r"'mine\.py': no class named \(expected path/to/file\.py:ClassName\)"),
        ("mine.py:", r"'mine\.py:': no class named"),
        ("other.py:Weighted", r"other\.py: cannot be read \(No such file"),
        ("broken.py:Weighted", r"broken\.py: cannot be imported \(ModuleNotFoundError: .*no_such_package"),
        ("typo.py:Weighted", r"typo\.py: cannot be imported \(SyntaxError: "),
    ],
)
def test_a_mistake_in_the_name_or_the_file_is_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    (file.parent / "broken.py").write_text("import no_such_package\n")
    (file.parent / "typo.py").write_text("def fuse(:\n")
    monkeypatch.chdir(file.parent)
    with pytest.raises(InputError, match=message):
        build_fuser(name)


def test_an_unknown_option_gets_a_suggestion(file: Path) -> None:
    with pytest.raises(InputError, match=r"unknown option of fuser .* 'shere'\. Did you mean 'share'"):
        build_fuser(f"{file}:Weighted", shere=1)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Write a distribution as pip installs it, and add it to the search path."""

    def lay_out(name: str, module: str, **entries: str) -> None:
        info = tmp_path / f"{name}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
        (info / "entry_points.txt").write_text(f"[stablefuse.fusers]\n{lines}")
        (tmp_path / f"{name}.py").write_text(module)
        monkeypatch.syspath_prepend(str(tmp_path))

    return lay_out


def test_a_fuser_of_a_package_is_listed_and_built_by_name(install: Install) -> None:
    assert "darkest" not in list_fusers()
    install("dark_fusion", MODULE, darkest="dark_fusion:Darkest")
    assert "darkest" in list_fusers()
    assert describe_fusers()["darkest"] == "from package dark_fusion 1.5"
    assert type(build_fuser("darkest")).__name__ == "Darkest"


def test_a_broken_package_is_an_error_only_when_it_is_used(install: Install) -> None:
    install("torn_fusion", "import no_such_package\n", torn="torn_fusion:Torn", other="torn_fusion:Other")
    assert {"torn", "other"} <= set(list_fusers())
    assert build_fuser("average").colour
    with pytest.raises(InputError, match=r"fuser 'torn' of package torn_fusion 1\.5 \(torn_fusion:Torn\): cannot be"):
        build_fuser("torn")


def test_an_entry_that_is_not_a_class_is_refused(install: Install) -> None:
    install("odd_fusion", "Odd = 3\n", odd="odd_fusion:Odd")
    with pytest.raises(InputError, match=r"\(odd_fusion:Odd\): not a fuser \(found int, expected a class\)"):
        build_fuser("odd")


def test_a_name_of_the_project_takes_precedence_over_a_package(install: Install) -> None:
    install("second_average", MODULE, average="second_average:Darkest")
    assert type(build_fuser("average")).__name__ == "Average"
    assert describe_fusers()["average"] == BUILT_IN["average"].summary
