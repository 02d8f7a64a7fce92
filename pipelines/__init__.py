"""The pipelines: the only package that knows both fusion and the downstream tasks.

- `config`, `settings`, `data_settings`: settings as text, and resolved once into frozen dataclasses.
- `run`, `listing`, `check_data`, `extras`, `stage_worker`: what the command line calls.
- `stages/`: the engine. `rows/`: what is compared. `tasks/`: which stages there are. `report/`: what comes out.
- `sample/`: the built-in data. `benchmarks/`: speeds.
"""
