"""The built-in sample: generated street scenes that a warm camera and a colour camera see differently."""

from pipelines.sample.layout import sample_split, write_sample
from pipelines.sample.msrs_street import ONLY_SHOWN_BY

__all__ = ["ONLY_SHOWN_BY", "SAMPLE_MARK", "SAMPLE_NOTE", "sample_split", "write_sample"]

SAMPLE_MARK = "SAMPLE: "  # before every heading and figure title of a report
SAMPLE_NOTE = (
    "All numbers and pictures here come from the built-in SAMPLE of generated scenes. They say nothing about real data."
)
