"""What is compared: the rows of a table, their trainings, and the files that their stages leave for the report.

- `experiment`: settings, rows and data of one run of a pipeline, checked once and handed to tasks and report.
- `table_rows`: the rows of a table, from their names and options.
- `fuser_rows`: a row is a fuser with options, a network to train, or a folder of images.
- `unfused_rows`: or four channels, merged networks, or predictions of other code.
- `runs`: one training of a detector or segmenter, or what stands in for it, per row and seed.
- `pair_lists`, `fusion_scores`, `effects`, `task_results`, `costs`: files of the stages.
- `results`, `task_scores`: tidy result rows, and which metrics belong to a task.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
