"""The built-in sample: generated street scenes that a warm camera and a colour camera see differently."""

from pipelines.sample.layout import write_sample

__all__ = ["write_sample"]
