import pytest
import torch
from torch.nn import functional as F

from downstream.datasets.masks import IGNORED
from downstream.segmentation.normalisation import IMAGENET_STATISTICS
from downstream.segmentation.segmenter import untrained_segmenter
from downstream.segmentation.state import SegmenterState
from downstream.segmentation.steps import segmentation_loss, training_step


def random_case(classes=4):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, classes, 8, 9, generator=generator)
    truth = torch.randint(0, classes, (2, 8, 9), generator=generator)
    truth[:, :3] = IGNORED
    return logits, truth


def test_ignored_pixels_change_neither_loss_nor_gradient():
    logits, truth = random_case()
    other = logits.clone()
    other[:, :, :3] = 50 * torch.randn(2, 4, 3, 9)
    results = []
    for values in (logits, other):
        values.requires_grad_()
        terms = segmentation_loss(values, truth)
        sum(terms).backward()
        results.append(([term.item() for term in terms], values.grad))
        assert values.grad[:, :, :3].abs().max() == 0
    assert results[0][0] == pytest.approx(results[1][0])
    assert torch.allclose(results[0][1][:, :, 3:], results[1][1][:, :, 3:])


def test_cross_entropy_equals_torch_and_dice_its_formula():
    logits, truth = random_case()
    cross_entropy, dice = segmentation_loss(logits, truth)
    assert cross_entropy.item() == pytest.approx(F.cross_entropy(logits, truth, ignore_index=IGNORED).item())
    chances, true = logits.softmax(1).movedim(1, -1)[truth != IGNORED], truth[truth != IGNORED]
    losses = []
    for number in range(4):
        common = chances[true == number, number].sum()
        losses.append(1 - 2 * common / (chances[:, number].sum() + (true == number).sum()))
    assert dice.item() == pytest.approx(torch.stack(losses).mean().item())


def test_an_absent_class_does_not_count():
    logits, truth = random_case()
    truth[truth == 2] = 1
    _, dice = segmentation_loss(logits, truth)
    perfect = 50 * F.one_hot(truth.where(truth != IGNORED, 0), 4).movedim(-1, 1).float()
    assert segmentation_loss(perfect, truth)[1].item() == pytest.approx(0, abs=1e-6)
    assert 0.3 < dice.item() < 1


def test_both_losses_are_zero_if_every_pixel_is_ignored():
    logits, truth = random_case()
    assert [term.item() for term in segmentation_loss(logits, torch.full_like(truth, IGNORED))] == [0, 0]


def test_half_precision_logits_are_summed_in_float32():
    logits, truth = random_case()
    assert [term.dtype for term in segmentation_loss(logits.bfloat16(), truth)] == [torch.float32] * 2


def test_the_scale_of_float16_gradients_is_resumed(tmp_path):
    def state():
        network = untrained_segmenter("Unet", "mobilenet_v2", 3)
        optimizer = torch.optim.AdamW(network.parameters())
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
        return SegmenterState(network, optimizer, scaler, "float16", IMAGENET_STATISTICS, {})

    first, resumed = state(), state()
    before = {name: tensor.clone() for name, tensor in first.network.named_parameters()}
    training_step(first, torch.rand(2, 3, 32, 32), torch.randint(0, 3, (2, 32, 32)), 0.1, 0)
    assert all(torch.equal(before[name], tensor) for name, tensor in first.network.named_parameters())  # too large
    first.save(tmp_path / "last.safetensors")
    resumed.load(tmp_path / "last.safetensors")
    assert resumed.scaler.get_scale() == first.scaler.get_scale() == 2.0**39
