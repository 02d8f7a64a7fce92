"""Describe a data folder and check whether a pipeline can use it: counts, sizes, classes, faults, leakage."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusion import InputError
from pipelines.config import list_pipelines, load_settings, pipeline_name
from pipelines.overrides import override_by


def main() -> int:
    """Check the folder and print the result; return 0 if the data can be used, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "pipeline", help=f"the pipeline that is to use the data, path/to/mine.py or {', '.join(list_pipelines())}"
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="the data folder")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    arguments = parser.parse_intermixed_args()
    settings = load_settings(arguments.pipeline)
    for argument in arguments.overrides:
        override_by(settings, argument)
    if not arguments.data.is_dir():
        raise InputError(f"{arguments.data}: no such folder. Try: get the data from {settings['data']['source']}")

    from pipelines.check_data import check_data  # only now, because these imports take longer than a refusal
    from pipelines.settings import resolve_settings

    check = check_data(resolve_settings({**settings, "name": pipeline_name(arguments.pipeline)}), arguments.data)
    print(check.text(), end="")
    return 1 if check.faults else 0
