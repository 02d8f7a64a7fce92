import pytest
import torch

from downstream.detection.environment import isolate_ultralytics
from downstream.detection.settings import DetectorSettings
from tests.downstream.detection.tiny_trainings import SMALL, predictions, write_data


@pytest.fixture(scope="module")
def yolo(tmp_path_factory):
    isolate_ultralytics(tmp_path_factory.mktemp("ultralytics"))
    from downstream.detection import yolo

    return yolo


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(yolo, data, tmp_path_factory):
    """Train for two epochs; return the folder, the predictions, and the number of threads before and after."""
    out, threads = tmp_path_factory.mktemp("trained"), torch.get_num_threads()
    yolo.train_detector(out, data, DetectorSettings(epochs=2, **SMALL), 1, "cpu")
    found = predictions(yolo, out, data)
    return out, found, (threads, torch.get_num_threads())
