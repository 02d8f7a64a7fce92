"""How everything that shows numbers of the sample is marked."""

SAMPLE_MARK = "SAMPLE: "  # before every heading and figure title of a report
SAMPLE_NOTE = (
    "All numbers and pictures here come from the built-in SAMPLE of generated scenes. They say nothing about real data."
)
