"""Who may import whom: one direction between packages and between rooms, and a few files for each heavy library."""

from __future__ import annotations

import ast
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from downstream.detection import isolate_ultralytics
from tests.run_tool import ROOT

PACKAGES = ("fusion", "downstream", "pipelines", "tools")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 300

MAY_IMPORT = {
    "fusion": {"fusion"},
    "downstream": {
        "downstream",
        *(
            f"fusion.{name}"
            for name in ("devices", "errors", "images", "interrupts", "registration", "seeds", "storage")
        ),
    },
    "pipelines": {"pipelines", "downstream", "fusion"},
    "tools": {"tools", "pipelines", "downstream", "fusion"},
}
ORDER = {  # of the rooms and files directly in a package; each may import those before it
    "fusion": (
        *("errors", "command_line", "cores", "limits", "devices", "seeds", "interrupts", "markdown"),
        *("user_code", "interventions"),
        *(
            "storage",
            "registration",
            "images",
            "stress",
            "metrics",
            "networks",
            "engines",
            "fusers",
            "scoring",
            "training",
            "export",
            "video",
        ),
        *("effects", "__main__"),
    ),
    "downstream": ("scores", "conditions", "start_weights", "four_channels", "datasets", "detection", "segmentation"),
    "pipelines": (
        *("extras", "overrides", "config", "data_settings", "settings", "stages", "rows", "sample", "report", "tasks"),
        *("results", "check_data", "listing", "stage_worker", "run", "benchmarks", "commands"),
    ),
}
STRANGERS = {("downstream.detection", "downstream.segmentation")}  # whatever their order
ONLY_IN = {
    "ultralytics": {
        "downstream/detection/yolo.py",
        "downstream/detection/arguments.py",
        "downstream/detection/critic.py",
        "downstream/detection/trainer.py",
    },
    "segmentation_models_pytorch": {"downstream/segmentation/segmenter.py"},
    "ray": {"pipelines/stages/ray_cluster.py"},
    "pycocotools": {"downstream/detection/score.py"},
    "onnx": {"fusion/export/onnx.py", "fusion/export/int8.py"},
    "onnxruntime": {"fusion/engines/onnxruntime_session.py", "fusion/export/int8.py"},
    "openvino": {"fusion/export/export.py", "fusion/engines/openvino_session.py"},
    "pywt": {"fusion/fusers/wavelet.py"},
    "mmengine": {"pipelines/config.py"},
    "matplotlib": {
        "downstream/detection/environment.py",
        "pipelines/report/figures/boxes.py",
        "pipelines/report/figures/curves.py",
        "pipelines/report/figures/effects.py",
        "pipelines/report/figures/masks.py",
        "pipelines/report/figures/scatter.py",
        "pipelines/report/figures/stress.py",
        "pipelines/report/figures/style.py",
        "pipelines/report/figures/training.py",
    },
}
PLANS_WITHOUT = ("torch", "torchvision", "ultralytics", "segmentation_models_pytorch", "matplotlib.pyplot")


class Import(NamedTuple):
    """One name that a file imports, wherever in it; some only for annotations, under TYPE_CHECKING."""

    path: Path
    line: int
    name: str
    for_types: bool = False

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line} imports {self.name}"


def imported_by(path: Path, source: str | None = None) -> list[Import]:
    """List the absolute dotted names a file imports, anywhere in it; `from a import b` counts as a.b."""
    tree = ast.parse(source if source is not None else (ROOT / path).read_text(encoding="utf-8"))
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_types = {id(node) for block in blocks for node in block.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folder = path.parts[: len(path.parts) - node.level] if node.level else ()
            module = ".".join([*folder, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [Import(path, node.lineno, name, id(node) in for_types) for name in names]
    return found


@cache
def every_import() -> tuple[Import, ...]:
    return tuple(each for path in FILES for each in imported_by(path))


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def module_of(path: Path) -> str:
    """Return the dotted name of a file; that of a package for its `__init__`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


def module_in(name: str) -> str:
    """Return the longest part of a dotted name that is a module of ours; "" if there is none."""
    parts = name.split(".")
    return next((".".join(parts[:end]) for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in MODULES), "")


def room_of(module: str) -> str:
    """Return a package's room, or file directly in it, that a module belongs to; for a package itself, the package."""
    return ".".join(module.split(".")[:2])


def is_room(name: str) -> bool:
    return name.count(".") == 1 and MODULES[name].name == "__init__.py"


ROOMS = [name for name in MODULES if is_room(name)]


@cache
def exports_of(room: str) -> dict[str, str]:
    """Map each name in the stub of a room to the module that holds it."""
    stub = ROOT / MODULES[room].with_suffix(".pyi") if room else ROOT / "none.pyi"
    if not stub.exists():
        return {}
    nodes = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: f"{room}.{node.module}" for node in nodes for alias in node.names}


@cache
def arrows() -> tuple[tuple[Import, str, str], ...]:
    """List every import between two modules of ours, with the file that each name really comes from."""
    found = ((each, module_of(each.path), module_in(source_of(each.name))) for each in every_import())
    return tuple((each, source, target) for each, source, target in found if target and target != source)


def source_of(name: str) -> str:
    """Return where a dotted name is defined: what a room exports, in a file of the room."""
    room, _, last = name.rpartition(".")
    module = exports_of(room).get(last) if module_in(room) == room else None
    return f"{module}.{last}" if module else name


def test_there_are_files_rooms_and_arrows_to_look_at() -> None:
    assert {path.parts[0] for path in FILES} == set(PACKAGES)
    assert {"fusion.training", "downstream.detection", "pipelines.stages"} <= set(ROOMS)
    found = {(source, target) for _, source, target in arrows()}
    assert ("fusion.networks.checkpoints", "fusion.storage.tensor_files") in found  # imported through the room
    assert ("tools.run_pipeline", "pipelines.commands.stablefuse") in found


def test_imports_are_found_wherever_and_however_they_are_written() -> None:
    source = "import a.b as c\nfrom d import e\ndef f():\n    from . import g\n    from ..h import i\n"
    source += "if TYPE_CHECKING:\n    import j\n"
    found = imported_by(Path("x/y/z.py"), source)
    assert [each.name for each in found if not each.for_types] == ["a.b", "d.e", "x.y.g", "x.h.i"]
    assert [each.name for each in found if each.for_types] == ["j"]


def test_packages_import_one_way() -> None:
    wrong = [
        each
        for each in every_import()
        if each.name.split(".")[0] in {*PACKAGES, "tests", "configs"}
        and not any(within(each.name, module) for module in MAY_IMPORT[each.path.parts[0]])
    ]
    allowed = [
        each for each in wrong if each.path == Path("pipelines/commands/benchmark.py") and within(each.name, "tests")
    ]
    assert_none([each for each in wrong if each not in allowed])


def test_rooms_import_one_way() -> None:
    wrong = []
    for each, source, target in arrows():
        if source == target.split(".")[0] or room_of(source) == room_of(target):
            continue  # a package describes itself
        package, _, room = room_of(source).partition(".")
        other_package, _, other = room_of(target).partition(".")
        if package != other_package or package not in ORDER:
            continue
        order = ORDER[package]
        if not other:
            wrong.append(f"{each}; expected the room it comes from")
        elif not {room, other} <= set(order):
            wrong.append(f"{each}; expected {room} and {other} in ORDER")
        elif order.index(other) > order.index(room):
            wrong.append(f"{each}; {other} stands above {room}")
        elif tuple(sorted((room_of(source), room_of(target)))) in STRANGERS:
            wrong.append(f"{each}; {room} and {other} do not know each other")
    assert_none(wrong)


def test_every_room_and_file_has_its_place_in_the_order() -> None:
    assert {package: sorted(order) for package, order in ORDER.items()} == {
        package: sorted({room_of(name).partition(".")[2] for name in MODULES if name.startswith(f"{package}.")})
        for package in ORDER
    }


def test_rooms_are_entered_by_the_door() -> None:
    """What a room exports is imported from the room, `from fusion.storage import write_json`, not from its files."""
    assert_none(
        [
            f"{each}; expected it from {room_of(target)}"
            for each, source, target in arrows()
            if is_room(room_of(target))
            and room_of(target) != room_of(source)
            and each.name != room_of(target)
            and not is_exported(each.name, room_of(target))
        ]
    )


def is_exported(name: str, room: str) -> bool:
    """Check that a dotted name is what the room exports, or `fusion` as its public API."""
    door, _, last = name.rpartition(".")
    return door in (room, "fusion") and last in exports_of(door)


def test_no_two_files_need_each_other() -> None:
    needs = defaultdict(set)
    for each, source, target in arrows():
        if MODULES[target].name != "__init__.py" and not each.for_types:
            needs[source].add(target)
    assert_none(circles(needs))


def circles(needs: dict[str, set[str]]) -> list[str]:
    """List one circle through each group of modules that reach each other."""
    found, seen = [], set()

    def visit(module: str, way: list[str]) -> None:
        if module in way:
            found.append(" -> ".join([*way[way.index(module) :], module]))
        elif module not in seen:
            seen.add(module)
            for other in sorted(needs.get(module, ())):
                visit(other, [*way, module])

    for module in sorted(needs):
        visit(module, [])
    return found


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c", "d"}, "c": {"a"}}) == ["a -> b -> c -> a"]
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == []


def test_every_package_and_room_says_what_is_inside_and_every_room_what_others_may_use() -> None:
    doors = [path for path in FILES if path.name == "__init__.py"]
    missing = [f"{path}: no docstring" for path in doors if not ast.get_docstring(ast.parse((ROOT / path).read_text()))]
    missing += [
        f"{MODULES[room]}: no stub" for room in ROOMS if not (ROOT / MODULES[room]).with_suffix(".pyi").exists()
    ]
    assert_none(missing)


def test_every_exported_name_can_be_imported_and_is_not_that_of_a_file(tmp_path: Path) -> None:
    isolate_ultralytics(tmp_path)
    names = [(room, name) for room in [*PACKAGES[:3], *ROOMS] for name in exports_of(room)]
    assert len(names) > 100
    wrong = []
    for room, name in names:
        try:
            getattr(importlib.import_module(room), name)
        except (AttributeError, ImportError) as error:
            wrong.append(f"{room}.{name}: {error}")
        if f"{room}.{name}" in MODULES:  # what `from room import name` gives would hang on what was imported before
            wrong.append(f"{room}.{name}: is the name of a file too")
    assert_none(wrong)


def test_every_exported_name_is_used_outside_its_room() -> None:
    public = {f"{module}.{name}" for name, module in exports_of("fusion").items()}
    of_tests = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")]
    used = {each.name for each in every_import() if room_of(module_of(each.path)) != room_of(each.name)}
    used |= {each.name for path in of_tests for each in imported_by(path)}
    used |= {name for path in FILES for name in used_of_rooms(path)}
    assert_none(
        [
            f"{room}.{name}"
            for room in ROOMS
            for name, module in exports_of(room).items()
            if f"{room}.{name}" not in used and f"{module}.{name}" not in public
        ]
    )


def used_of_rooms(path: Path) -> Iterator[str]:
    """List what a file takes of the rooms that it imports whole, `from pipelines import benchmarks`."""
    rooms = {each.name.rpartition(".")[2]: each.name for each in imported_by(path) if each.name in ROOMS}
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))) if rooms else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms:
            yield f"{rooms[node.value.id]}.{node.attr}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_heavy_library_is_imported_by_its_own_files_alone(library: str) -> None:
    users = {each.path.as_posix() for each in every_import() if within(each.name, library)}
    assert users == ONLY_IN[library]


def test_networks_know_torch_their_files_and_each_other_only() -> None:
    of_networks = [each for each in every_import() if each.path.parts[:2] == ("fusion", "networks")]
    assert len({each.path for each in of_networks}) > 1
    libraries, ours = {"torch", "lazy_loader", *sys.stdlib_module_names}, ("errors", "networks", "storage")
    assert_none(
        [
            each
            for each in of_networks
            if each.name.split(".")[0] not in libraries
            and not any(within(each.name, f"fusion.{room}") for room in ours)
        ]
    )


def test_no_file_is_longer_than_one_idea() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert_none([f"{path}: {length} lines" for path, length in lengths.items() if length > LONGEST])


def assert_none(offenders: list[object]) -> None:
    assert not offenders, "\n" + "\n".join(map(str, offenders))
