import pytest

from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError


def test_the_defaults_are_allowed_and_start_from_random_weights():
    assert DetectorSettings().weights is None


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch_size": 0}, {"image_size": 0}, {"image_size": 100}, {"image_size": -32}]
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
