"""The report of a pipeline: tidy rows, Markdown, one HTML page, LaTeX tables and pictures.

- `detection`, `segmentation`, `quality`: one report per task, gathered from what the stages left behind.
- `contents`, `report`: what a detection or segmentation report shows, and writing it.
- `elements`: tables, pictures and sections; `latex` and `html/` are two more ways to print them.
- `results`, `significance`, `agreement`, `effects`, `costs`: the tables; `answer`: the sentence before them.
- `stress/`: what rows score under conditions.
- `facts`, `environment`: what a reader needs to repeat the run.
- `panels`, `figures/`: the scenes shown, and all pictures.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
