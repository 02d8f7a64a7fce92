"""Fusers of installed packages: listed without an import, imported when used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fusion import InputError, build_fuser, list_fusers
from fusion.fusers.registry import describe_fusers

MODULE = """\
class Darkest:
    learned, colour = False, True

    def fuse(self, infrared, visible):
        return infrared.minimum(visible)
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lay a distribution out as pip does, and put it on the search path."""

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
    assert describe_fusers()["darkest"] == "of the package dark_fusion 1.5"
    assert type(build_fuser("darkest")).__name__ == "Darkest"


def test_a_broken_package_is_an_error_only_when_it_is_used(install: Install) -> None:
    install("torn_fusion", "import no_such_package\n", torn="torn_fusion:Torn", other="torn_fusion:Other")
    assert {"torn", "other"} <= set(list_fusers())
    assert build_fuser("average").colour
    with pytest.raises(InputError, match=r"fuser 'torn' of the package torn_fusion 1\.5, torn_fusion:Torn: cannot be"):
        build_fuser("torn")


def test_what_is_no_fuser_is_told(install: Install) -> None:
    install("odd_fusion", "Odd = 3\n", odd="odd_fusion:Odd")
    with pytest.raises(InputError, match=r"odd_fusion:Odd: is int, expected a class of fusers"):
        build_fuser("odd")


def test_a_name_of_the_project_hides_that_of_a_package(install: Install) -> None:
    install("second_average", MODULE, average="second_average:Darkest")
    assert type(build_fuser("average")).__name__ == "Average"
    assert describe_fusers()["average"] == "The mean of both images, pixel by pixel."
