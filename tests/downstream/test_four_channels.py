"""Images of four channels: written, read as ultralytics reads them, and networks that start from three channels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from downstream.detection.environment import isolate_ultralytics
from downstream.detection.settings import DetectorSettings
from downstream.four_channels import SUFFIX, read_four_channels, write_four_channels
from downstream.segmentation.labelled_images import Labelled, LabelledImages
from downstream.segmentation.normalisation import imagenet_statistics, measure_statistics
from downstream.segmentation.prediction import predict_masks, predict_mean_masks
from downstream.segmentation.segmenter import build_segmenter, untrained_segmenter
from downstream.segmentation.settings import SegmenterSettings
from downstream.segmentation.training import train_segmenter
from downstream.start_weights import inflate, load_start_weights
from fusion.errors import InputError
from fusion.images.colour import to_bytes
from fusion.images.pairs import Pair
from tests.downstream.detection.tiny_trainings import SMALL, TINY, detector_weights, write_data
from tests.downstream.segmentation.red_boxes import CLASSES, small_settings, write_scenes


@pytest.fixture(scope="module", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> None:
    isolate_ultralytics(tmp_path_factory.mktemp("ultralytics"))


def as_four_channels(image: Path, folder: Path) -> Path:
    """Write a colour image with its green channel as infrared."""
    infrared = folder / f"{image.stem}_green.png"
    folder.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(infrared), cv2.imread(str(image))[..., 1])
    path = folder / f"{image.stem}{SUFFIX}"
    write_four_channels(path, Pair(image.stem, infrared, image))
    infrared.unlink()
    return path


def with_mean(rgb: Tensor) -> Tensor:
    return torch.cat([rgb, rgb.mean(1, keepdim=True)], dim=1)


def test_an_image_comes_back_as_red_green_blue_and_infrared(
    tmp_path: Path, make_pairs: Callable[..., list[Pair]]
) -> None:
    (pair,) = make_pairs(count=1)
    write_four_channels(tmp_path / "one.tiff", pair)
    infrared, visible = pair.read()
    expected = np.concatenate([to_bytes(visible), to_bytes(infrared)], axis=2)
    np.testing.assert_array_equal(read_four_channels(tmp_path / "one.tiff"), expected)
    from ultralytics.utils.patches import imread

    np.testing.assert_array_equal(imread(tmp_path / "one.tiff", flags=cv2.IMREAD_UNCHANGED), expected)


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_another_file_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "one.tiff"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"one\.tiff: (not an image of four channels|cannot be read)"):
        read_four_channels(path)
    assert cv2.imwrite(str(path), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(InputError, match=r"found 1 pages, expected 4"):
        read_four_channels(path)


def test_an_inflated_yolo_gives_the_same_boxes_where_infrared_is_the_mean(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    three, four = (DetectionModel(str(TINY), ch=ch, nc=2, verbose=False) for ch in (3, 4))
    for layer in three.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    three.train()(torch.rand(4, 3, 64, 64))  # statistics of images, without which hardly anything passes the layers
    save_file({name: value.contiguous() for name, value in three.state_dict().items()}, tmp_path / "w.safetensors")
    note = load_start_weights(four, tmp_path / "w.safetensors")
    assert note == f"{len(three.state_dict())} of {len(three.state_dict())} tensors from w.safetensors"
    rgb = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected, found = three.eval()(rgb)[0], four.eval()(with_mean(rgb))[0]
        other = four(torch.cat([rgb, 1 - rgb[:, :1]], dim=1))[0]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert float((other - expected).abs().max()) > 1e-2  # the fourth channel does count


@pytest.mark.parametrize("model", ["DeepLabV3Plus", "Unet"])
def test_an_inflated_segmenter_gives_the_same_logits_where_infrared_is_the_mean(tmp_path: Path, model: str) -> None:
    torch.manual_seed(0)
    three = untrained_segmenter(model, "mobilenet_v2", 3)
    encoder = three.get_submodule("encoder").state_dict()
    save_file({name: value.contiguous() for name, value in encoder.items()}, tmp_path / "w.safetensors")
    settings = SegmenterSettings(model, "mobilenet_v2", str(tmp_path / "w.safetensors"), crop=64)
    four = build_segmenter(settings, 3, lambda note: None, channels=4)
    rest = {name: value for name, value in three.state_dict().items() if not name.startswith("encoder.")}
    four.load_state_dict(rest, strict=False)
    rgb = torch.rand(2, 3, 128, 128)
    with torch.inference_mode():
        expected, found = three.eval()(rgb), four.eval()(with_mean(rgb))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_inflated_weights_have_three_quarters_of_the_mean_in_the_new_channel() -> None:
    weight = torch.rand(5, 3, 3, 3)
    wide = inflate(weight)
    torch.testing.assert_close(wide[:, 3], weight.mean(1) * 3 / 4)
    torch.testing.assert_close(wide[:, :3].mean(1), weight.mean(1) * 3 / 4)
    torch.testing.assert_close(wide.sum(1), weight.sum(1))


@pytest.mark.parametrize(
    ("stored", "own", "message"),
    [
        (4, 3, "w.safetensors: weights for images of 4 channels (expected 3). Try: other weights"),
        (5, 4, "w.safetensors: weights for images of 5 channels (expected 3, or 4). Try: other weights"),
    ],
)
def test_start_weights_for_other_channels_are_one_line(tmp_path: Path, stored: int, own: int, message: str) -> None:
    of_file, model = (nn.Sequential(nn.Conv2d(ch, 4, 3), nn.Conv2d(4, 2, 1)) for ch in (stored, own))
    save_file(of_file.state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=re.escape(message)):
        load_start_weights(model, tmp_path / "w.safetensors")


@pytest.mark.parametrize("channels", [3, 4])
def test_start_weights_that_are_not_finite_are_one_line(tmp_path: Path, channels: int) -> None:
    state = nn.Sequential(nn.Conv2d(3, 4, 3)).state_dict()
    state["0.weight"][1, 2, 0, 0] = float("nan")
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"w\.safetensors: values that are not finite in 0\.weight"):
        load_start_weights(nn.Sequential(nn.Conv2d(channels, 4, 3)), tmp_path / "w.safetensors")


def test_a_fourth_channel_is_normalised_by_its_own_statistics(tmp_path: Path) -> None:
    (scene,) = write_scenes(tmp_path, 1)
    wide = Labelled(as_four_channels(scene.image, tmp_path / "wide"), scene.mask)
    of_three, of_four = (measure_statistics(LabelledImages([one], CLASSES)) for one in (scene, wide))
    assert of_four.mean == pytest.approx([*of_three.mean, of_three.mean[1]], abs=1e-12)  # infrared is the green channel
    assert imagenet_statistics(4).mean[3] == pytest.approx((0.485 + 0.456 + 0.406) / 3)
    assert imagenet_statistics(3).deviation == [0.229, 0.224, 0.225]


def test_a_segmenter_trains_on_four_channels_resumes_and_predicts(tmp_path: Path) -> None:
    scenes = write_scenes(tmp_path, 3)
    wide = [scene._replace(image=as_four_channels(scene.image, tmp_path / "wide")) for scene in scenes]
    settings = small_settings(epochs=1)
    best = train_segmenter(tmp_path / "out", wide[:2], wide[2:], CLASSES, settings, 0, "cpu", lambda: None)
    assert train_segmenter(tmp_path / "out", wide[:2], wide[2:], CLASSES, settings, 0, "cpu", lambda: None) == best
    predict_masks(best, [one.image for one in wide], tmp_path / "masks", "cpu")
    assert cv2.imread(str(tmp_path / "masks" / "00.png"), cv2.IMREAD_UNCHANGED).shape == (44, 60)


def test_the_mean_of_class_probabilities_of_networks_with_other_images(tmp_path: Path) -> None:
    scenes = write_scenes(tmp_path, 3)
    wide = [scene._replace(image=as_four_channels(scene.image, tmp_path / "wide")) for scene in scenes]
    settings = small_settings(epochs=1)
    best = [
        train_segmenter(tmp_path / name, of[:2], of[2:], CLASSES, settings, 0, "cpu", lambda: None)
        for name, of in (("three", scenes), ("four", wide))
    ]
    images = [[one.image for one in of] for of in (scenes, wide)]
    for name, which in (("one", (0, 1)), ("other", (1, 0))):
        predict_mean_masks([best[k] for k in which], [images[k] for k in which], tmp_path / name, "cpu")
    predict_mean_masks([best[0]], [images[0]], tmp_path / "alone", "cpu")
    predict_masks(best[0], images[0], tmp_path / "plain", "cpu")
    for stem in ("00", "01", "02"):
        masks = {k: cv2.imread(str(tmp_path / k / f"{stem}.png"), 0) for k in ("one", "other", "alone", "plain")}
        np.testing.assert_array_equal(masks["one"], masks["other"])
        np.testing.assert_array_equal(masks["alone"], masks["plain"])


@pytest.fixture(scope="module")
def wide_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data of tiny trainings in four channels."""
    folder = tmp_path_factory.mktemp("wide")
    data_yaml = write_data(folder)
    for image in (folder / "images").rglob("*.png"):
        as_four_channels(image, image.parent)
        image.unlink()
    data_yaml.write_text("channels: 4\n" + data_yaml.read_text())
    return data_yaml


def test_a_yolo_trains_on_four_channels_from_inflated_weights_and_predicts(wide_data: Path, tmp_path: Path) -> None:
    from ultralytics.nn.tasks import DetectionModel

    from downstream.detection.yolo import predict, train_detector

    torch.manual_seed(0)
    three = DetectionModel(str(TINY), nc=2, verbose=False).state_dict()
    save_file({name: value.contiguous() for name, value in three.items()}, tmp_path / "w.safetensors")
    settings = DetectorSettings(**{**SMALL, "epochs": 1, "weights": str(tmp_path / "w.safetensors")})  # type: ignore[arg-type]
    train_detector(tmp_path / "out", wide_data, settings, 0, "cpu")
    found = predict(
        detector_weights(tmp_path / "out"), sorted((wide_data.parent / "images").rglob("*.tiff")), settings, "cpu"
    )
    assert {one.stem for one in found} >= {"test0", "train1"}


def test_the_fourth_channel_is_jittered_like_the_image_of_one_camera() -> None:
    from downstream.detection.trainer import _CameraHSV

    image = np.random.default_rng(0).integers(40, 200, (8, 8, 4), np.uint8)
    image[..., 3] = 100
    np.random.seed(0)  # noqa: NPY002  # ultralytics draws from it
    levels = set()
    for _ in range(50):
        jittered = image.copy()
        _CameraHSV(0.015, 0.7, 0.4).apply_image({"img": jittered})
        assert len(np.unique(jittered[..., 3])) == 1  # still grey and flat
        levels.add(int(jittered[0, 0, 3]))
        assert not np.array_equal(jittered[..., :3], image[..., :3])
    assert min(levels) < 80 < 120 < max(levels)
    assert min(levels) >= 60
    assert max(levels) <= 140
