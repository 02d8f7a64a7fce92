"""Settings that no pipeline could run with are refused when they are resolved, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion.command_line import parse_override
from fusion.errors import InputError
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.rows.experiment import build_experiment


@pytest.mark.parametrize(
    ("pipeline", "argument", "message"),
    [
        ("fusion_quality", "metrics.names=3", r"metrics\.names=3: wrong type \(expected str"),
        ("fusion_quality", "metrics.names=None", r"metrics\.names=None: wrong type \(expected str"),
        ("fusion_quality", "effects.images=-1", r"effects\.images=-1: out of range"),
        ("fusion_quality", "sample.train=-1", r"sample\.train=-1: out of range"),
        ("fusion_quality", "sample.test=0", r"sample\.test=0: out of range"),
        ("m3fd_detect", "panels=-1", r"panels=-1: out of range"),
        ("m3fd_detect", "detector.weights=3", r"detector\.weights=3: wrong type \(expected a name or None\)"),
        ("m3fd_detect", "seeds=0,0", r"seeds=0,0: not a list of seeds"),
        ("m3fd_detect", "baseline=averag", r"unknown baseline 'averag'\. Did you mean 'average'"),
        ("m3fd_detect", "data.folds=-1", r"data\.folds=-1: out of range"),
        ("msrs_segment", "data.folds=1", r"data\.folds=1: out of range \(expected 2 or more"),
        ("m3fd_detect", "data.groups=(", r"data\.groups='\(': not a regular expression"),
        ("m3fd_detect", "data.registration=none.json", r"^none\.json: cannot be read as JSON"),
        ("m3fd_detect", "data.registration=3", r"data\.registration=3: wrong type \(expected a name or None\)"),
        ("m3fd_detect", "data.labels_from=infrared", r"data\.labels_from=infrared: without effect .*Try: data\.reg"),
        ("msrs_segment", "data.labels_from=thermal", r"unknown camera of labels 'thermal'\. Known: infrared, visible"),
        ("fusion_quality", "data.labels_from=visible", r"unknown setting 'data\.labels_from'"),
        ("ablation", "task=detection", r"task='detection': pipeline ablation has no settings of a detector"),
    ],
)
def test_a_wrong_setting_is_refused(pipeline: str, argument: str, message: str) -> None:
    def resolve() -> None:
        settings = {**load_settings(pipeline), "name": pipeline}
        override(settings, *parse_override(argument))
        build_experiment(Chosen(settings, Path("data")), "")

    with pytest.raises(InputError, match=message) as refused:
        resolve()
    assert "\n" not in str(refused.value)
