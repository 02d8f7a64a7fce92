from .results import Results as Results
from .run import plan_pipeline as plan_pipeline
from .run import run_pipeline as run_pipeline
