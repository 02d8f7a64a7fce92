"""Benchmarks of fusing, training, measuring and whole pipelines, as ratios within one run.

Speeds of different runs or machines cannot be compared, so every table has a row that the others are ratios to.

    fusers: fusing one pair of images, for fusers in several forms.
        candidates: the forms, how they are built and exported.
        isolated: a candidate in its own process, with its time and peak memory.
        trials: the measurements in turn, the work and size of each network, and the row of each candidate.
        plain_isfuse: the network of the paper without optimizations.
    training: a training step with and without interventions.
    metrics: the fusion metrics against a plain implementation.
    pipeline: the stages of a pipeline.
    results: the table, printed or written as CSV.

Other rooms use one function per benchmark (`benchmark_fusers`, `benchmark_training`, `benchmark_metrics`,
`benchmark_pipeline`), their `BenchmarkResult`, and the choices of `benchmark_fusers` (`BACKENDS`, `default_fusers`).
None of them imports torch before the measurement begins, except `benchmark_metrics`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
