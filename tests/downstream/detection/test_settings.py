import math
from importlib.util import find_spec

import pytest

from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError


def test_the_defaults_are_allowed_and_start_from_random_weights():
    assert DetectorSettings().weights is None


@pytest.mark.parametrize(
    "wrong",
    [
        *({"epochs": 0}, {"batch_size": 0}, {"image_size": 0}, {"image_size": 100}, {"image_size": -32}),
        *({"learning_rate": 0.0}, {"learning_rate": 1.5}, {"learning_rate": math.nan}, {"workers": -1}),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_setting_and_value(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(InputError, match=rf"^detector\.{name}={value}: out of range \(expected .*\)$"):
        DetectorSettings(**wrong)


def test_missing_weights_are_refused_with_their_path_and_both_remedies(tmp_path):
    path = tmp_path / "missing.pt"
    with pytest.raises(InputError) as error:
        DetectorSettings(weights=str(path))
    for part in (str(path), "never downloaded", "Try: detector.weights=FILE", "detector.weights=None"):
        assert part in str(error.value)


def test_a_folder_is_refused_as_weights(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        DetectorSettings(weights=str(tmp_path))


def test_two_settings_do_not_share_their_extra_arguments():
    assert DetectorSettings().extra is not DetectorSettings().extra


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"model": "m.pt"}, r"detector\.model='m\.pt'"),
        ({"extra": {"resume": "m.pt"}}, r"detector\.extra\.resume"),
        ({"extra": {"distill_model": "m"}}, r"detector\.extra\.distill_model"),
    ],
)
def test_everything_that_ultralytics_would_unpickle_is_refused(wrong, setting):
    with pytest.raises(InputError, match=rf"^{setting}: .*Try: detector\.weights=FILE"):
        DetectorSettings(**wrong)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("epochs", "detector.epochs=..."),
        ("lr0", "detector.learning_rate=..."),
        ("imgsz", "detector.image_size=..."),
        ("batch", "detector.batch_size=..."),
        ("seed", "seeds=..."),
        ("device", "device=..."),
        ("amp", "detector.precision=..."),
        ("augmentations", "detector.albumentations=..."),
    ],
)
def test_an_extra_argument_that_has_a_setting_is_refused_with_it(name, remedy):
    with pytest.raises(InputError) as error:
        DetectorSettings(extra={name: 1})
    assert str(error.value) == f"detector.extra.{name}: set elsewhere. Try: {remedy}"


@pytest.mark.parametrize("name", ["time", "patience", "cache", "classes", "single_cls", "compile", "val", "save"])
def test_an_extra_argument_that_is_not_honoured_is_refused_with_the_reason(name):
    with pytest.raises(InputError, match=rf"^detector\.extra\.{name}: not allowed \(.+\)$"):
        DetectorSettings(extra={name: 1})


def test_an_unknown_extra_argument_is_refused_in_one_line_with_the_nearest_name():
    with pytest.raises(InputError, match=r"^unknown argument in detector\.extra: 'mosaik'\. Did you mean 'mosaic'\?"):
        DetectorSettings(extra={"mosaik": 0.0})


@pytest.mark.parametrize("optimizer", ["Nonsense", "auto", ""])
def test_an_optimizer_that_ultralytics_does_not_have_or_chooses_itself_is_refused(optimizer):
    with pytest.raises(InputError, match=rf"^unknown detector\.optimizer '{optimizer}'\..* Known: Adam, "):
        DetectorSettings(optimizer=optimizer)


def test_an_unknown_precision_is_refused_with_the_known_ones():
    with pytest.raises(
        InputError, match=r"unknown detector\.precision 'bf16'\..* Known: auto, bfloat16, float16, float32"
    ):
        DetectorSettings(precision="bf16")


@pytest.mark.skipif(find_spec("albumentations") is not None, reason="albumentations is installed")
def test_albumentations_are_refused_if_they_are_missing():
    with pytest.raises(InputError, match=r"missing package albumentations\. Try: pip install albumentations$"):
        DetectorSettings(albumentations=True)
