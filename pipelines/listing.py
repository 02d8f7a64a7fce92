"""What there is to choose from, as a terminal shows it."""

from __future__ import annotations

from fusion.fusers import describe_fusers
from pipelines.config import list_pipelines
from pipelines.extras import TASKS
from pipelines.rows import FOLDER


def listing() -> str:
    """List pipelines, tasks and fusers, one line each, and what else `fuser_options.ROW.type` can be."""
    others = {FOLDER: "Images that other code has fused, from dir=.", "FILE.py:CLASS": "A class of your own."}
    sections = {
        "pipelines": list_pipelines(),
        "tasks (what a pipeline asks)": TASKS,
        "fusers": describe_fusers(),
        "further types of a row": others,
    }
    width = max(len(name) for names in sections.values() for name in names)
    lines = []
    for title, names in sections.items():
        lines += [f"{title}:", *(f"  {name:{width}}  {what}" for name, what in names.items())]
    return "\n".join(lines)
