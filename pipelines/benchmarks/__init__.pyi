from .fusers import BACKENDS as BACKENDS
from .fusers import benchmark_fusers as benchmark_fusers
from .fusers import default_fusers as default_fusers
from .metrics import benchmark_metrics as benchmark_metrics
from .pipeline import benchmark_pipeline as benchmark_pipeline
from .results import BenchmarkResult as BenchmarkResult
from .training import benchmark_training as benchmark_training
