import pytest
import torch

from downstream.conditions import choose_precision, describe_precision, load_conditions, save_conditions
from fusion.errors import InputError

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("device", "bfloat16", "expected"),
    [(GPU, True, "bfloat16"), (GPU, False, "float16"), (CPU, True, "bfloat16"), (CPU, False, "float32")],
)
def test_auto_is_the_fastest_precision_that_is_available(device, bfloat16, expected):
    assert choose_precision("precision", "auto", device, bfloat16) == expected


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_a_gpu_trains_in_the_precision_that_is_asked_for(precision):
    assert choose_precision("precision", precision, GPU, bfloat16=True) == precision


@pytest.mark.parametrize(
    ("choice", "device", "bfloat16", "available"),
    [
        ("float16", CPU, False, "float32"),
        ("float16", CPU, True, "bfloat16 or float32"),
        ("bfloat16", CPU, False, "float32"),
        ("bfloat16", GPU, False, "float16 or float32"),
    ],
)
def test_a_precision_that_is_not_available_is_refused_in_one_line(choice, device, bfloat16, available):
    with pytest.raises(InputError) as error:
        choose_precision("x.precision", choice, device, bfloat16)
    expected = f"x.precision={choice}: not available on {device.type} (expected {available}). Try: x.precision=auto"
    assert str(error.value) == expected


def test_autocast_and_float32_are_told_in_words():
    assert describe_precision("bfloat16", GPU) == "bfloat16 autocast"
    assert describe_precision("float32", CPU) == "float32"


@pytest.fixture
def tf32():
    """Return a function that allows or forbids TF32 in convolutions and matrix products until the end of the test."""

    def allow(convolutions, products):
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolutions, products

    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    yield allow
    allow(*before)


@pytest.mark.parametrize(
    ("capability", "convolutions", "products", "expected"),
    [
        ((7, 5), True, True, "float32"),
        ((8, 0), True, False, "float32 (TF32 convolutions)"),
        ((9, 0), True, True, "float32 (TF32 convolutions and matrix products)"),
        ((9, 0), False, False, "float32"),
    ],
)
def test_tf32_is_told_on_the_gpus_that_have_it(monkeypatch, tf32, capability, convolutions, products, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    tf32(convolutions, products)
    assert describe_precision("float32", GPU) == expected


def test_conditions_are_read_as_they_were_saved(tmp_path):
    save_conditions(tmp_path / "training", {"precision": "float32"})
    assert load_conditions(tmp_path / "training") == {"precision": "float32"}


def test_a_folder_without_a_training_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"conditions\.json: cannot be read"):
        load_conditions(tmp_path)
