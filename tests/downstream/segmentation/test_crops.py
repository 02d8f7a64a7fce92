import numpy as np
import pytest
import torch
from torchvision.models import ResNet18_Weights

from downstream.datasets.masks import IGNORED, write_mask
from downstream.segmentation.crops import SegmentationCrops
from downstream.segmentation.labelled_images import LabelledImages
from downstream.segmentation.normalisation import IMAGENET_STATISTICS, measure_statistics
from fusion.errors import InputError
from tests.downstream.segmentation.red_boxes import CLASSES, write_labelled, write_scenes

NUMBERS = [str(number) for number in range(200)]


def crops_of(files, classes=CLASSES, size=32, seed=0, **jitter):
    return SegmentationCrops(LabelledImages(files, classes), size, seed, workers=2, **jitter)


def write_ramp(folder, height, width):
    """Write an image whose red and green values are its column and row numbers, and a mask computed from them."""
    rows, columns = np.mgrid[:height, :width]
    rgb = np.stack([columns, rows, 0 * rows], -1).astype(np.uint8)
    return write_labelled(folder, "ramp", rgb, (rows // 2 + columns).astype(np.uint8))


@pytest.mark.parametrize("size", [(90, 110), (20, 110), (20, 24)])
def test_image_and_mask_are_cropped_scaled_and_flipped_alike(tmp_path, size):
    crops = crops_of([write_ramp(tmp_path, *size)], NUMBERS, contrast=0, brightness=0)
    turned = set()
    for number in range(20):
        images, masks = crops.batch([0], number)
        assert images.shape == (1, 3, 32, 32)
        assert masks.shape == (1, 32, 32)
        columns, rows = images[0, :2] * 255
        known = masks[0] != IGNORED
        assert known.any()
        interior = known & ~edges(known)
        assert ((rows / 2 + columns) - masks[0])[interior].abs().max() <= 2.6  # half a pixel each way, and rounding
        steps = (columns[:, 1:] - columns[:, :-1])[known[:, 1:] & known[:, :-1]]
        turned.add(bool(steps.sum() < 0))
    assert turned == {False, True}


def edges(known):
    """Return known pixels next to unknown ones, where interpolation includes reflected columns."""
    unknown = torch.nn.functional.max_pool2d((~known)[None, None].float(), 5, 1, 2)[0, 0] > 0
    return unknown & known


def test_scales_reach_from_half_to_one_and_a_half(tmp_path):
    crops = crops_of([write_ramp(tmp_path, 90, 110)], NUMBERS, contrast=0, brightness=0)
    steps = [(255 * crops.batch([0], number)[0][0, 0].diff(dim=1)).abs().mean().item() for number in range(60)]
    assert 1 / 1.5 - 0.05 < min(steps) < 0.75
    assert 1.7 < max(steps) < 1 / 0.5 + 0.05


def test_pixels_beyond_the_border_of_a_small_image_are_ignored(tmp_path):
    scene = write_labelled(tmp_path, "small", np.full((16, 16, 3), 90, np.uint8), np.ones((16, 16), np.uint8))
    images, masks = crops_of([scene], size=64).batch([0], 0)
    assert set(masks.unique().tolist()) == {1, IGNORED}
    assert images.std() < 1e-6  # reflected, not black


def test_a_batch_depends_only_on_seed_and_number(tmp_path):
    files = write_scenes(tmp_path, 3)
    first, second = crops_of(files), crops_of(files)
    first.batch([2, 1], 5)
    for one, other in zip(first.batch([0, 2], 7), second.batch([0, 2], 7), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first.batch([0, 2], 7)[0], first.batch([0, 2], 8)[0])
    assert not torch.equal(first.batch([0, 2], 7)[0], crops_of(files, seed=1).batch([0, 2], 7)[0])


def test_brightness_differs_within_a_batch_and_values_keep_their_range(tmp_path):
    white = write_labelled(tmp_path, "white", np.full((40, 40, 3), 240, np.uint8), np.zeros((40, 40), np.uint8))
    images, _ = crops_of([white]).batch([0] * 8, 0)
    assert len(images.mean((1, 2, 3)).unique()) > 3
    assert images.min() >= 0
    assert images.max() <= 1


def test_a_mask_of_another_size_is_refused_with_both_files(tmp_path):
    scene = write_scenes(tmp_path, 1)[0]
    write_mask(scene.mask, np.zeros((44, 61), np.uint8))
    with pytest.raises(InputError) as error:
        crops_of([scene]).batch([0], 0)
    assert str(error.value) == f"{scene.mask}: size differs from {scene.image} (found 61x44, expected 60x44)"


def test_images_are_read_once_until_the_cache_is_full(tmp_path):
    images = LabelledImages(write_scenes(tmp_path, 2), CLASSES, cache_bytes=44 * 60 * 4)
    first, second = images.read(0), images.read(1)
    assert images.read(0)[0] is first[0]
    assert images.read(1)[0] is not second[0]
    assert np.array_equal(images.read(1)[0], second[0])


def test_statistics_are_those_of_all_pixels(tmp_path):
    images = LabelledImages(write_scenes(tmp_path, 3), CLASSES)
    pixels = np.concatenate([images.read(index)[0].reshape(-1, 3) for index in range(3)]) / 255
    statistics = measure_statistics(images)
    assert statistics.mean == pytest.approx(pixels.mean(0))
    assert statistics.deviation == pytest.approx(pixels.std(0))
    scaled = statistics.scale(torch.from_numpy(pixels.T.astype(np.float32)).reshape(1, 3, -1, 1))
    assert scaled.mean((0, 2, 3)).abs().max() < 1e-4
    assert (scaled.std((0, 2, 3)) - 1).abs().max() < 1e-3


def test_statistics_of_one_colour_are_safe_to_divide_by(tmp_path):
    grey = write_labelled(tmp_path, "grey", np.full((8, 8, 3), 90, np.uint8), np.zeros((8, 8), np.uint8))
    assert min(measure_statistics(LabelledImages([grey], CLASSES)).deviation) == pytest.approx(1 / 255)


def test_imagenet_statistics_are_torchvisions():
    reference = ResNet18_Weights.IMAGENET1K_V1.transforms()
    assert (reference.mean, reference.std) == IMAGENET_STATISTICS
