"""What the READMEs tell a reader to type is what exists."""

import re

import pytest

from fusion import InputError
from tests.made_rigs import rig
from tests.run_tool import ROOT, in_process

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOMS = ("fusion", "fusion/metrics", "downstream", "pipelines", "configs")
FILES = [ROOT / "README.md", *(ROOT / room / "README.md" for room in ROOMS)]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in FILES).replace("\\\n", "")
ANY_METHOD = TEXT[TEXT.index("## Any method\n") : TEXT.index("## Speed\n")]  # test_readme_recipes.py runs these
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"^python (tools/\w+\.py)(.*)$", TEXT, re.MULTILINE)


def test_the_readme_has_the_two_commands():
    assert "python tools/run_pipeline.py m3fd_detect\n" in README
    assert '<!-- tests -->\n```bash\npip install -e ".[all]"\npytest -n auto --dist loadfile\n```' in README


def test_the_readme_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 180
    for path in FILES:
        for target, _, anchor in re.findall(r"\]\(([^)#:]*)(#([\w-]+))?\)", path.read_text(encoding="utf-8")):
            found = (path.parent / target) if target else path
            assert found.exists(), f"{path}: {target}"
            if anchor:
                titles = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
                names = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
                assert anchor in names, f"{path}: {target}#{anchor}"


def test_every_tool_is_in_a_readme():
    assert {tool for tool, _ in COMMANDS} == {f"tools/{path.name}" for path in (ROOT / "tools").glob("*.py")}


@pytest.mark.parametrize(("tool", "arguments"), COMMANDS)
def test_every_option_a_readme_uses_is_in_the_help(tool, arguments, tmp_path):
    kind = [word for word in arguments.split()[:1] if not word.startswith("-")]
    done = in_process(tool.removeprefix("tools/"), *kind, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(option in done.stdout for option in re.findall(r"--[\w-]+", arguments))


@pytest.mark.parametrize(
    "arguments", [rest for tool, rest in COMMANDS if tool == "tools/run_pipeline.py" and rest not in ANY_METHOD]
)
def test_every_pipeline_command_of_a_readme_is_understood(arguments, tmp_path):
    arguments = arguments.replace("yolov8s.pt", str(tmp_path / "w.pt")).split()
    (tmp_path / "w.pt").touch()
    (tmp_path / "results.json").touch()
    rig().save(tmp_path / "registration.json")
    arguments = [str(tmp_path) if value.startswith(("path/", "../", "mine")) else value for value in arguments]
    arguments = [
        re.sub(r"(weights|start)=(\.\./|work/).*", rf"\1={tmp_path / 'w.pt'}", value).strip("'") for value in arguments
    ]
    done = in_process("run_pipeline.py", *arguments, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "report" in done.stdout


def test_the_example_of_the_fusion_stage_runs(tmp_path, make_pairs, monkeypatch):
    pair = make_pairs(count=1)[0]
    pair.infrared.rename(tmp_path / "ir.png")
    pair.visible.rename(tmp_path / "vis.png")
    monkeypatch.chdir(tmp_path)
    exec(next(example for example in EXAMPLES if "fuse_pair" in example), {})
    assert (tmp_path / "fused.png").exists()


def test_the_example_of_a_pipeline_runs_up_to_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="path/to/M3FD: no such folder"):
        exec(next(example for example in EXAMPLES if "run_pipeline(" in example), {})
