"""The built-in sample: generated street scenes that a warm camera and a colour camera see differently."""

from pipelines.sample.layout import write_sample

__all__ = ["SAMPLE_MARK", "SAMPLE_NOTE", "write_sample"]

SAMPLE_MARK = "SAMPLE: "  # before every heading and figure title of a report
SAMPLE_NOTE = (
    "All numbers and pictures here come from the built-in SAMPLE of generated scenes. They say nothing about real data."
)
