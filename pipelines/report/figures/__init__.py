"""The pictures of a report as PNG files: boxes and masks on scenes, curves, effect maps, scatter plots.

`style` holds what they share. matplotlib is imported here and nowhere else in `pipelines`.
"""
