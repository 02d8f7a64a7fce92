from .boxes import isolate_detector as isolate_detector
from .build import build_task as build_task
from .for_task import trainer_for_task as trainer_for_task
from .fusing import build_trainer as build_trainer
