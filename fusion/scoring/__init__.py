"""Fusion metrics over folders of fused images.

- folder: measure the images of a folder (`score_folder` to `ImageScores`); cache: scores that are reused.
- means: means over images with bootstrap confidence intervals (`mean_scores`).
- tables: scores and means as CSV, JSON and Markdown (`write_scores`, `means_table`).

All of it can be imported without torch. Other rooms use what `__init__.pyi` lists.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
