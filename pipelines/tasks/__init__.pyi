from .build import build_task as build_task
from .fusing import build_trainer as build_trainer
