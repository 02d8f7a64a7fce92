"""The output of `run_pipeline.py --list`."""

from __future__ import annotations

from collections import defaultdict

from fusion.fusers import describe_fusers
from pipelines.config import list_pipelines, load_settings
from pipelines.extras import TASKS
from pipelines.rows import FOLDER, TYPES


def listing() -> str:
    """List pipelines, tasks, fusers, and the other values of `fuser_options.ROW.type`, one per line."""
    others = {
        FOLDER: "images fused by other code, in the folder dir=",
        "FILE.py:CLASS": "a fuser class of your own",
        **TYPES,
    }
    sections = {
        "pipelines": list_pipelines(),
        "tasks": TASKS,
        "fusers": describe_fusers(),
        "rows on request": _rows_on_request(),
        "other types of a row": others,
    }
    width = max(len(name) for names in sections.values() for name in names)
    lines = []
    for title, names in sections.items():
        lines += [f"{title}:", *(f"  {name:{width}}  {what}" for name, what in names.items())]
    return "\n".join(lines)


def _rows_on_request() -> dict[str, str]:
    """Return the rows that a table has only if `fusers` names them, each with what it is, and where."""
    pipelines_of = defaultdict[str, list[str]](list)
    for pipeline in list_pipelines():
        for row in load_settings(pipeline)["on_request"]:
            pipelines_of[row].append(pipeline)
    return {row: f"isfuse, trained for the task, in {', '.join(names)}" for row, names in pipelines_of.items()}
