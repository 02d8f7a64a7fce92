import math

import pytest

from downstream.segmentation.settings import SegmenterSettings
from fusion.errors import InputError


def test_the_defaults_are_allowed_and_start_from_random_weights():
    assert SegmenterSettings().encoder_weights is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("workers", 0),
        ("batch_size", 1),
        ("crop", 0),
        ("crop", 100),
        ("learning_rate", 0.0),
        ("learning_rate", math.inf),
        ("weight_decay", -0.1),
        ("weight_decay", math.inf),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_setting_and_value(name, value):
    with pytest.raises(InputError, match=rf"^segmenter\.{name}={value}: out of range \(expected .*\)$"):
        SegmenterSettings(**{name: value})


def test_an_unknown_normalisation_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'fusd'\. Did you mean 'fused'\? Known: fused, imagenet"):
        SegmenterSettings(normalisation="fusd")


def test_an_unknown_precision_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"unknown segmenter\.precision 'bf16'\..* Known: auto, bfloat16, float16"):
        SegmenterSettings(precision="bf16")


@pytest.mark.parametrize(("name", "problem"), [("gone.safetensors", "no such file"), ("a.pt", "not a .safetensors")])
def test_encoder_weights_that_cannot_be_read_are_refused_with_the_remedy(tmp_path, name, problem):
    (tmp_path / "a.pt").write_bytes(b"")
    with pytest.raises(InputError, match=rf"{name}: {problem}.*Try: segmenter\.encoder_weights=FILE"):
        SegmenterSettings(encoder_weights=str(tmp_path / name))
