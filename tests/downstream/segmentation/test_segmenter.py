import socket
import urllib.request

import pytest
import segmentation_models_pytorch as smp
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from downstream.segmentation.segmenter import build_segmenter, untrained_segmenter
from fusion.errors import InputError
from tests.downstream.segmentation.red_boxes import SHARED_ENCODER, needs_shared, small_settings


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def refused(**values):
    with pytest.raises(InputError) as error:
        build_segmenter(small_settings(**values), 3, lambda note: None)
    assert "\n" not in str(error.value)
    return str(error.value)


@needs_shared
def test_every_tensor_of_the_shared_mobilenet_is_used():
    notes = []
    network = build_segmenter(small_settings(encoder_weights=str(SHARED_ENCODER)), 3, notes.append)
    assert notes == [f"the segmenter starts from 312 of 312 tensors from {SHARED_ENCODER.name}"]
    stored, own = load_file(SHARED_ENCODER), network.encoder.state_dict()
    assert stored.keys() == own.keys()
    assert all(torch.equal(stored[name], own[name]) for name in own)


def test_random_weights_are_announced():
    notes = []
    build_segmenter(small_settings(), 3, notes.append)
    assert notes == ["the segmenter starts from random weights"]


def test_a_file_without_some_buffers_fills_the_rest(tmp_path):
    source, notes = untrained_segmenter("Unet", "mobilenet_v2", 2).encoder.state_dict(), []
    stored = {name: tensor for name, tensor in source.items() if not name.endswith("num_batches_tracked")}
    save_file(stored, tmp_path / "encoder.safetensors")
    settings = small_settings(model="Unet", encoder_weights=str(tmp_path / "encoder.safetensors"))
    network = build_segmenter(settings, 3, notes.append)
    assert notes == [f"the segmenter starts from {len(stored)} of {len(source)} tensors from encoder.safetensors"]
    assert all(torch.equal(network.encoder.state_dict()[name], tensor) for name, tensor in stored.items())


def test_a_file_without_matching_tensors_is_refused_with_the_setting(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    message = refused(encoder_weights=str(path))
    assert message.startswith(f"{path}: none of its 1 tensors fits the network ")
    assert message.endswith("Try: another segmenter.encoder")


def test_a_corrupt_file_is_refused_by_name(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_text("<html>not found</html>")
    assert refused(encoder_weights=str(path)).startswith(f"{path}: cannot be read as weights")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [({"model": "DeepLabV3Puls"}, "DeepLabV3Plus"), ({"encoder": "mobilnet_v2"}, "mobilenet_v2")],
)
def test_a_misspelt_name_gets_a_suggestion(wrong, meant):
    assert f"Did you mean '{meant}'?" in refused(**wrong)


@pytest.mark.parametrize(
    ("model", "encoder"), [("UnetPlusPlus", "mit_b0"), ("DeepLabV3", "inceptionv4"), ("Unet", "tu-nonsense")]
)
def test_a_combination_that_smp_refuses_is_reported_with_both_names(model, encoder):
    assert f"segmenter.model={model}: does not work with segmenter.encoder={encoder}" in refused(
        model=model, encoder=encoder
    )


def test_an_encoder_without_imagenet_weights_is_refused():
    assert "segmenter.encoder=dpn68b: no imagenet weights exist. Try: segmenter.encoder_weights=FILE" in refused(
        encoder="dpn68b", encoder_weights="imagenet"
    )


@pytest.fixture
def no_download(monkeypatch):
    """Fail when a download starts: it would retry for half a minute before it reports anything."""

    def start(*arguments, **options):
        pytest.fail("a download has started")

    monkeypatch.setattr(smp, "create_model", start)


@pytest.mark.parametrize("encoder", ["mobilenet_v2", "tu-resnet18"])
def test_an_unreachable_server_is_reported_before_a_download_starts(no_cache, no_download, monkeypatch, encoder):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    message = refused(encoder=encoder, encoder_weights="imagenet")
    assert f"cannot download the weights of {encoder} from http://127.0.0.1:9" in message
    assert "Try: segmenter.encoder_weights=FILE (.safetensors), or None" in message


def test_a_server_that_never_answers_is_reported_before_a_download_starts(no_cache, no_download, monkeypatch):
    timeouts, urlopen = [], urllib.request.urlopen

    def impatient(request, timeout):
        timeouts.append(timeout)
        return urlopen(request, timeout=0.2)

    monkeypatch.setattr(urllib.request, "urlopen", impatient)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "timed out" in refused(encoder_weights="imagenet")
    assert len(timeouts) == 1
    assert timeouts[0] <= 5


def test_offline_mode_needs_no_probe(no_cache, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "cannot download" in refused(encoder_weights="imagenet")


@pytest.mark.parametrize("model", ["DeepLabV3Plus", "Segformer", "Unet", "PAN"])
def test_logits_have_the_size_of_the_image(model):
    network = untrained_segmenter(model, "mobilenet_v2", 5).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 128, 160)).shape == (1, 5, 128, 160)


def test_crops_that_are_too_small_for_an_architecture_are_refused_before_the_training():
    assert "segmenter.crop=32: too small for segmenter.model=PAN" in refused(model="PAN", crop=32)
    build_segmenter(small_settings(model="PAN", crop=128), 3, lambda note: None)
