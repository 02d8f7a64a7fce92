"""The pipelines: the only package that knows both fusion and the downstream tasks.

- `config`, `settings`, `data_settings`: settings as text, and resolved once into frozen dataclasses.
- `run`: run a pipeline. `results`: what it found. `run_pipeline` and `plan_pipeline` are the public API.
- `listing`, `check_data`, `extras`, `stage_worker`: what else the command line calls.
- `stages/`: the engine. `rows/`: what is compared. `tasks/`: which stages there are. `report/`: what comes out.
- `sample/`: the built-in data. `benchmarks/`: speeds. `commands/`: the command lines.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
