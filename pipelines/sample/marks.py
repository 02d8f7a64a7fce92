"""How reports mark results on the sample.

A module of its own, so that a report does not import the generator.
"""

SAMPLE_MARK = "SAMPLE: "  # before every heading and figure title of a report
SAMPLE_NOTE = (
    "All numbers and images here come from the built-in SAMPLE of generated scenes. They say nothing about real data."
)
