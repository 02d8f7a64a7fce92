"""Build a segmentation network; the only module that imports segmentation_models_pytorch."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from huggingface_hub import constants, try_to_load_from_cache
from segmentation_models_pytorch.encoders import encoders
from torch import nn

from downstream.segmentation.settings import IMAGENET, SegmenterSettings
from downstream.start_weights import copy_weights, load_start_weights
from fusion.errors import InputError, one_line, unknown_name

SIDE_MULTIPLE, SMALLEST_SIDE = 32, 128  # of images; some architectures accept no other sides
_TIMM = "tu-"  # smp looks for encoders with this prefix in timm
_REMEDY = "Try: segmenter.encoder_weights=FILE (.safetensors), or None for random weights"
_PROBE_S = 4.0


def build_segmenter(
    settings: SegmenterSettings, classes: int, announce: Callable[[str], None], channels: int = 3
) -> nn.Module:
    """Build the network that a training starts from.

    Args:
        settings: architecture, encoder and pretrained weights of the encoder.
        classes: number of classes C, background included.
        announce: called with one sentence about the initial weights.
        channels: number of channels of the images; pretrained weights are inflated to four.

    Returns:
        A network from (B, channels, H, W) to logits (B, C, H, W). H and W must be multiples of `SIDE_MULTIPLE` and at
        least `SMALLEST_SIDE` or the crop of the settings. Layers without pretrained weights are drawn from torch's
        global generator.

    Raises:
        InputError: smp does not know the architecture or the encoder, or cannot combine them; the pretrained weights
            do not exist, do not fit, or cannot be downloaded; or the crops are too small for the network, or it does
            not take images of four channels.
    """
    if settings.encoder_weights == IMAGENET:
        network = _pretrained(settings, classes, channels)
        note = f"smp's {IMAGENET} weights of {settings.encoder}"
    else:
        network = untrained_segmenter(settings.model, settings.encoder, classes, channels)
        note = "random weights"
        if settings.encoder_weights:
            encoder = network.get_submodule("encoder")
            note = load_start_weights(encoder, Path(settings.encoder_weights), "segmenter.encoder")
    _require_large_crops(network, settings, channels)
    announce(f"the segmenter starts from {note}")
    return network


def untrained_segmenter(model: str, encoder: str, classes: int, channels: int = 3) -> nn.Module:
    """Build a network with random weights, like `build_segmenter`, but without reading or downloading a file."""
    return _create(model, encoder, classes, None, channels)


def _pretrained(settings: SegmenterSettings, classes: int, channels: int) -> nn.Module:
    """Build a network with the encoder weights that smp or timm downloads, or has in its cache."""
    offered = encoders.get(settings.encoder, {}).get("pretrained_settings")
    if offered is not None and IMAGENET not in offered:
        raise InputError(f"segmenter.encoder={settings.encoder}: no {IMAGENET} weights exist. {_REMEDY}")
    if not (constants.HF_HUB_OFFLINE or (offered and _is_cached(**offered[IMAGENET]))):
        _require_network(settings.encoder)
    try:
        network = _create(settings.model, settings.encoder, classes, IMAGENET, 3)
    except OSError as error:
        raise _no_download(settings.encoder, error) from error
    if channels == 3:
        return network
    wider = untrained_segmenter(settings.model, settings.encoder, classes, channels)
    copy_weights(wider, network.state_dict(), f"{IMAGENET} weights of {settings.encoder}", "segmenter.encoder")
    return wider


def require_known(model: str, encoder: str) -> None:
    """Check the names of architecture and encoder without building a network.

    Raises:
        InputError: smp does not know one of them; the message suggests the nearest name and lists all.
    """
    if model.lower() not in smp.MODEL_ARCHITECTURES_MAPPING:
        known = [architecture.__name__ for architecture in smp.MODEL_ARCHITECTURES_MAPPING.values()]
        raise unknown_name("segmenter.model", model, known)
    if encoder not in encoders and not encoder.startswith(_TIMM):
        raise unknown_name("segmenter.encoder", encoder, encoders)


def _create(model: str, encoder: str, classes: int, encoder_weights: str | None, channels: int) -> nn.Module:
    require_known(model, encoder)
    try:
        network: nn.Module = smp.create_model(
            model, encoder, encoder_weights=encoder_weights, classes=classes, in_channels=channels
        )
    except OSError:
        raise  # of a download; some of these are ValueErrors, too
    except (AttributeError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        images = "" if channels == 3 else f" for images of {channels} channels"
        raise InputError(
            f"segmenter.model={model}: does not work with segmenter.encoder={encoder}{images} ({one_line(error)})"
        ) from error
    return network


def _require_large_crops(network: nn.Module, settings: SegmenterSettings, channels: int) -> None:
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, channels, settings.crop, settings.crop))
    except RuntimeError as error:
        raise InputError(
            f"segmenter.crop={settings.crop}: too small for segmenter.model={settings.model} ({one_line(error)}). "
            "Try: a larger segmenter.crop"
        ) from error


def _is_cached(repo_id: str, revision: str) -> bool:
    names = ("config.json", "model.safetensors")
    return all(isinstance(try_to_load_from_cache(repo_id, name, revision=revision), str) for name in names)


def _require_network(encoder: str) -> None:
    """Check that the server responds, because the download itself retries for half a minute."""
    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=_PROBE_S).close()
    except urllib.error.HTTPError:
        return  # a refusal is a response, too
    except OSError as error:
        raise _no_download(encoder, error) from error


def _no_download(encoder: str, error: OSError) -> InputError:
    return InputError(
        f"segmenter.encoder_weights={IMAGENET}: cannot download the weights of {encoder} from {constants.ENDPOINT} "
        f"({one_line(error)}). {_REMEDY}"
    )
