import pytest
import torch

from downstream.detection.extra import HONOURED
from downstream.detection.outputs import detector_weights
from downstream.detection.settings import OPTIMIZERS, DetectorSettings
from fusion.errors import InputError
from tests.downstream.detection.tiny_trainings import CARRIED_OVER, SMALL, weights_of

EXTRA = {
    **{"lrf": 0.5, "momentum": 0.5, "weight_decay": 0.1, "warmup_epochs": 0.0, "warmup_momentum": 0.1, "nbs": 2},
    **{"warmup_bias_lr": 0.5, "cos_lr": True, "box": 1.0, "cls": 2.0, "dfl": 5.0, "freeze": 3, "fraction": 0.5},
    **{"rect": True, "multi_scale": 0.5, "hsv_h": 0.9, "hsv_s": 0.1, "hsv_v": 0.9, "degrees": 45.0, "translate": 0.9},
    **{"scale": 0.9, "shear": 20.0, "perspective": 0.001, "flipud": 1.0, "fliplr": 1.0, "bgr": 1.0, "mosaic": 0.0},
    **{"close_mosaic": 3, "mixup": 1.0, "cutmix": 1.0},
}  # a value for each argument that differs from its default


def test_every_argument_that_is_passed_to_ultralytics_is_refused_as_an_extra_one(yolo, data, tmp_path, monkeypatch):
    passed = {}

    def see(cfg, overrides):
        passed.update(overrides)
        raise KeyboardInterrupt

    monkeypatch.setattr("ultralytics.engine.trainer.get_cfg", see)
    with pytest.raises(KeyboardInterrupt):
        yolo.train_detector(tmp_path / "out", data, DetectorSettings(**SMALL), 1, "cpu")
    assert {"model", "lr0", "seed", "device", "save_dir", "amp", "val", "deterministic"} <= set(passed)
    for name in passed:
        with pytest.raises(InputError, match=rf"^detector\.extra\.{name}: (set elsewhere\. Try: |not allowed \()"):
            DetectorSettings(extra={name: passed[name]})


def test_every_argument_of_ultralytics_is_honoured_or_refused_in_one_line(yolo):
    from ultralytics.utils import DEFAULT_CFG_DICT

    assert set(HONOURED) < set(DEFAULT_CFG_DICT)
    for name in DEFAULT_CFG_DICT.keys() - set(HONOURED):
        with pytest.raises(InputError, match=rf"detector\.extra\W+{name}\b") as error:
            DetectorSettings(extra={name: DEFAULT_CFG_DICT[name]})
        assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), EXTRA.items())
def test_an_honoured_argument_changes_the_weights(yolo, data, tmp_path, name, value):
    def train(folder, extra):
        settings = DetectorSettings(**SMALL, epochs=3, extra={**CARRIED_OVER, "close_mosaic": 1, **extra})
        yolo.train_detector(folder, data, settings, 1, "cpu")
        return weights_of(folder)

    left, right = train(tmp_path / "without", {}), train(tmp_path / "with", {name: value})
    assert not all(torch.equal(left[key], right[key]) for key in left)


def test_every_honoured_argument_is_tried_but_the_weights_of_classes():
    assert EXTRA.keys() == set(HONOURED) - {"cls_pw"}  # the classes of the test data are equally frequent


@pytest.mark.parametrize("wrong", [{"mosaic": "much"}, {"mosaic": 7.0}])
def test_an_extra_argument_of_a_wrong_value_is_refused(yolo, data, tmp_path, wrong):
    with pytest.raises(InputError):
        yolo.train_detector(tmp_path / "out", data, DetectorSettings(epochs=1, extra=wrong, **SMALL), 1, "cpu")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_known_optimizer_trains(yolo, data, tmp_path, optimizer):
    settings = DetectorSettings(epochs=1, optimizer=optimizer, learning_rate=0.001, **SMALL)
    yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert detector_weights(tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [{"extra": {"mosaic": 7.0}}, {"model": "yolov99n.yaml"}, {"extra": {"box": "much"}}])
def test_settings_that_ultralytics_refuses_are_reported_without_training(yolo, wrong):
    from downstream.detection.arguments import require_arguments

    require_arguments(DetectorSettings(**SMALL))
    with pytest.raises(InputError, match=r"detector '.*yolo.*: .*(mosaic|yolov99|box)") as error:
        require_arguments(DetectorSettings(**SMALL | wrong))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model", ["yolov99n.yaml", "no/such/file.yaml"])
def test_an_unknown_architecture_is_refused_by_name(yolo, data, tmp_path, model):
    settings = DetectorSettings(**{**SMALL, "model": model, "epochs": 1})
    with pytest.raises(InputError) as error:
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert model in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model", ["yolov8n-seg.yaml", "yolov8n-cls.yaml", "yolo11n-pose.yaml", "rtdetr-l.yaml"])
def test_a_network_of_another_task_is_refused(yolo, model):
    from downstream.detection.arguments import require_arguments

    with pytest.raises(
        InputError, match=r"not a detector of given classes \(found \w+ as its last layer, expected Det"
    ):
        require_arguments(DetectorSettings(model=model))


@pytest.mark.parametrize("model", ["yolov5n.yaml", "yolov8n.yaml", "yolov10n.yaml", "yolo11n.yaml"])
def test_detectors_are_accepted(yolo, model):
    from downstream.detection.arguments import require_arguments

    require_arguments(DetectorSettings(model=model))
