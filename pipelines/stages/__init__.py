"""The engine of all pipelines: resumable stages, run one after the other, side by side, or on a Ray cluster.

- `stage`: what a stage is, what it gets from others, how it ended; `Task`, the stages of a pipeline.
- `runner`: plans and runs stages in one work folder; finished ones are skipped, changed ones run again.
- `endings`: publishing a finished folder, and what happens to an error.
- `side_by_side`, `launching`, `memory`: several stages at a time, in processes that share cores and memory.
- `orphans`, `server`: such a process ends with the one that started it.
- `ray_cluster`: the same on a cluster; the only file that imports ray.
- `lock`: one process per work folder.

Knows nothing of images, fusers or networks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
