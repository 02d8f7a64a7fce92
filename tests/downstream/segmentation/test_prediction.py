import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from downstream.datasets.masks import read_mask
from downstream.segmentation.normalisation import IMAGENET_STATISTICS
from downstream.segmentation.prediction import predict_masks, segment
from downstream.segmentation.segmenter import untrained_segmenter
from downstream.segmentation.training import train_segmenter
from fusion.errors import InputError
from fusion.storage.tensor_files import load_tensors, save_tensors
from tests.downstream.segmentation.red_boxes import CLASSES, small_settings, write_labelled, write_scenes

SIZES = [(64, 96), (45, 61), (5, 7), (1, 1)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmenter")
    scenes = write_scenes(folder, 2)
    settings = small_settings(model="Segformer", epochs=1)
    return train_segmenter(folder / "out", scenes, scenes[:1], CLASSES, settings, 0, "cpu", lambda: None)


def test_masks_have_the_sizes_and_stems_of_their_images(tmp_path, weights):
    rng = np.random.default_rng(0)
    for number, size in enumerate(SIZES):
        write_labelled(tmp_path, str(number), rng.integers(0, 255, (*size, 3), np.uint8), np.zeros(size, np.uint8))
    images = sorted((tmp_path / "images").iterdir())
    predict_masks(weights, images, tmp_path / "predicted", "cpu")
    masks = sorted((tmp_path / "predicted").iterdir())
    assert [mask.name for mask in masks] == [image.name for image in images]
    assert [read_mask(mask, CLASSES).shape for mask in masks] == SIZES


def test_prediction_needs_only_the_weights_and_is_deterministic(tmp_path, weights):
    (tmp_path / "elsewhere.safetensors").write_bytes(weights.read_bytes())
    image = write_scenes(tmp_path, 1)[0].image
    masks = []
    for run in ("first", "second"):
        predict_masks(tmp_path / "elsewhere.safetensors", [image], tmp_path / run, "cpu")
        masks.append((tmp_path / run / "00.png").read_bytes())
    assert masks[0] == masks[1]


def test_weights_of_a_precision_that_the_cpu_does_not_have_predict_in_float32(tmp_path, weights):
    tensors, facts = load_tensors(weights)
    image = write_scenes(tmp_path, 1)[0].image
    for precision in ("float16", "float32"):
        facts["segmenter"]["precision"] = precision
        save_tensors(tmp_path / f"{precision}.safetensors", tensors, facts)
        predict_masks(tmp_path / f"{precision}.safetensors", [image], tmp_path / precision, "cpu")
    assert (tmp_path / "float16" / "00.png").read_bytes() == (tmp_path / "float32" / "00.png").read_bytes()


def test_every_pixel_gets_its_most_likely_class():
    network = untrained_segmenter("Unet", "mobilenet_v2", 4)
    image = np.random.default_rng(0).integers(0, 255, (128, 160, 3), np.uint8)
    mask = segment(network, IMAGENET_STATISTICS, image, "float32")
    batch = torch.from_numpy(image).permute(2, 0, 1).unsqueeze(0) / 255
    with torch.inference_mode():
        logits = network.eval()(IMAGENET_STATISTICS.scale(batch))[0]
    chosen = logits.gather(0, torch.from_numpy(mask).long().unsqueeze(0))[0]
    assert mask.shape == (128, 160)
    assert len(np.unique(mask)) > 1
    assert torch.equal(logits.amax(0), chosen)


@pytest.mark.parametrize("kind", ["missing", "html", "cut", "foreign", "fusion", "fewer"])
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, weights, kind):
    path = tmp_path / "weights.safetensors"
    if kind == "html":
        path.write_text("<html>not found</html>")
    elif kind == "cut":
        path.write_bytes(weights.read_bytes()[:-100])
    elif kind == "foreign":
        save_file({"a": torch.zeros(2)}, path)
    elif kind == "fusion":
        save_tensors(path, {"a": torch.zeros(2)}, {"network": {}, "epoch": 3})
    elif kind == "fewer":
        segmenter = {"model": "Unet", "encoder": "mobilenet_v2", "precision": "float32"}
        facts = {"segmenter": segmenter, "classes": ["a", "b"]}
        save_tensors(path, {"a": torch.zeros(2)}, {**facts, "statistics": IMAGENET_STATISTICS._asdict()})
    with pytest.raises(InputError) as error:
        predict_masks(path, [], tmp_path / "masks", "cpu")
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "masks").exists()
