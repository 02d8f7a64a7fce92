"""The recipes of fusion/README.md for other methods, run as they stand there on a tiny sample."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.onnx_models import write_model
from tests.run_tool import ROOT, in_process

README = (ROOT / "fusion" / "README.md").read_text(encoding="utf-8").replace("\\\n", "")
SECTION = README[README.index("## Any method\n") : README.index("## Speed\n")]
TINY = ("sample.train=1", "sample.test=2", "metrics.names=AG", "effects.images=0", "panels=0")
REPORT = Path("work", "fusion_quality-sample", "report", "report.md")
RECIPES = re.findall(r"^python (tools/run_pipeline\.py .*)$", SECTION, re.MULTILINE)


def run(cwd: Path, command: str, *further: str) -> str:
    tool, *arguments = command.split()
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(cwd / "site")])}
    done = in_process(tool.removeprefix("tools/"), *arguments, *further, cwd=cwd, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def cwd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the recipes speak of, where the sample has been made and fused."""
    cwd = tmp_path_factory.mktemp("recipes")
    write_model(cwd / "net.onnx")
    (cwd / "mine.py").write_text(blocks("python")[0])
    (table,) = blocks("toml")
    group, entry = re.findall(r'entry-points\."(.*)"\]\n(.*)\n', table)[0]
    site = cwd / "site"
    (site / "mine-1.0.dist-info").mkdir(parents=True)
    (site / "mine-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (site / "mine-1.0.dist-info" / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
    shutil.copy(cwd / "mine.py", site / "mine.py")
    run(cwd, "tools/run_pipeline.py fusion_quality fusers=average", *TINY)
    shutil.copytree(cwd / "work" / "fusion_quality-sample" / "fuse" / "average" / "images", cwd / "theirs")
    return cwd


def test_there_are_four_recipes() -> None:
    assert len(RECIPES) == 4 == SECTION.count("run_pipeline.py")


@pytest.mark.parametrize(
    ("recipe", "row", "fact"),
    [
        (RECIPES[0], "theirs", "folder, dir theirs"),
        (RECIPES[1], "net", "onnx, model net.onnx"),
        (RECIPES[2], "mine", "mine.py:Darkest"),
        (RECIPES[3], "darkest", "from package mine 1.0"),
    ],
)
def test_a_recipe_adds_its_row_to_the_table(cwd: Path, recipe: str, row: str, fact: str) -> None:
    table = run(cwd, recipe, *TINY)
    assert next(line for line in table.splitlines() if "average" in line and row in line).endswith(row)
    page = (cwd / REPORT).read_text(encoding="utf-8")
    assert f"| {row} | {fact} |" in page
    images = cwd / "work" / "fusion_quality-sample" / "fuse" / row / "images"
    assert len(list(images.glob("*.png"))) == 2


def test_the_class_keeps_the_contract(cwd: Path) -> None:
    (check,) = re.findall(r"^python (tools/check_fuser\.py .*)$", SECTION, re.MULTILINE)
    assert "keeps the contract" in run(cwd, check)


def test_an_installed_fuser_is_in_the_list(cwd: Path) -> None:
    listed = run(cwd, "tools/run_pipeline.py --list")
    assert re.search(r"^  darkest +from package mine 1\.0$", listed, re.MULTILINE)
