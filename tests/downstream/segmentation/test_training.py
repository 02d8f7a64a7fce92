import csv

import pytest
import torch

from downstream.conditions import load_conditions
from downstream.datasets.masks import IGNORED, read_mask, write_mask
from downstream.segmentation.labelled_images import LabelledImages
from downstream.segmentation.prediction import predict_masks
from downstream.segmentation.score import class_ious, confusion_matrix
from downstream.segmentation.training import train_segmenter
from fusion.errors import InputError
from fusion.storage.tensor_files import load_tensors
from tests.downstream.segmentation.red_boxes import CLASSES, small_settings, write_scenes


class Interrupts:
    """Raises KeyboardInterrupt after the given epoch, and counts epochs."""

    def __init__(self, after=None):
        self.after, self.epochs = after, 0

    def __call__(self):
        self.epochs += 1
        if self.epochs == self.after:
            raise KeyboardInterrupt


@pytest.fixture
def scenes(tmp_path):
    return write_scenes(tmp_path / "training", 5), write_scenes(tmp_path / "validation", 2)


def train(out_dir, scenes, on_epoch=lambda: None, classes=CLASSES, seed=3, **values):
    settings = small_settings(**{"epochs": 3, **values})
    return train_segmenter(out_dir, *scenes, classes, settings, seed, "cpu", on_epoch)


def rows_of(out_dir):
    with (out_dir / "log.csv").open() as log:
        return list(csv.DictReader(log))


@pytest.mark.slow
def test_an_interrupted_training_ends_with_the_same_weights_as_an_uninterrupted_one(tmp_path, scenes):
    train(tmp_path / "whole", scenes)
    for after in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "parts", scenes, Interrupts(after=1))
        assert len(rows_of(tmp_path / "parts")) == after
        torch.rand(after)  # whatever else the process draws
    rest = Interrupts()
    train(tmp_path / "parts", scenes, rest)
    assert rest.epochs == 1
    for name in ("best.safetensors", "last.safetensors"):
        (whole, facts), (parts, other_facts) = (load_tensors(tmp_path / run / name) for run in ("whole", "parts"))
        assert facts == other_facts
        assert all(torch.equal(whole[key], parts[key]) for key in whole), name
    assert (tmp_path / "whole" / "log.csv").read_text() == (tmp_path / "parts" / "log.csv").read_text()


@pytest.mark.slow
def test_red_boxes_on_blue_are_learnt_and_predicted_as_in_validation(tmp_path):
    training, validation = write_scenes(tmp_path / "training", 12), write_scenes(tmp_path / "validation", 2)
    best = train(tmp_path / "out", (training, validation), epochs=4, learning_rate=3e-3, model="Unet")
    rows = rows_of(tmp_path / "out")
    scores = [float(row["validation_mIoU"]) for row in rows]
    _, facts = load_tensors(best)
    assert max(scores) > 0.8
    assert facts["validation_mIoU"] == max(scores)
    assert facts["epoch"] == len(scores) - scores[::-1].index(max(scores))  # of equal ones the latest
    predict_masks(best, [scene.image for scene in validation], tmp_path / "masks", "cpu")
    pairs = [
        (read_mask(scene.mask, CLASSES), read_mask(tmp_path / "masks" / scene.mask.name, CLASSES))
        for scene in validation
    ]
    ious = class_ious(sum(confusion_matrix(truth, predicted, len(CLASSES)) for truth, predicted in pairs))
    present = [iou for iou in ious if iou is not None]
    assert sum(present) / len(present) == max(scores)


def test_the_log_has_one_row_of_losses_and_rate_per_epoch(tmp_path, scenes):
    train(tmp_path / "out", scenes, epochs=2, learning_rate=0.01)
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == ["epoch", "loss", "cross_entropy", "dice", "learning_rate", "validation_mIoU"]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for row in rows:
        assert float(row["loss"]) == pytest.approx(float(row["cross_entropy"]) + float(row["dice"]))
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.01 * 0.75**0.9, 0.01 * 0.25**0.9])


def test_a_finished_training_returns_at_once(tmp_path, scenes):
    best = train(tmp_path / "out", scenes, epochs=1)
    before = best.stat().st_mtime_ns
    scenes[0][0].image.unlink()
    assert train(tmp_path / "out", scenes, Interrupts(after=1), epochs=1, workers=1) == best
    assert best.stat().st_mtime_ns == before


def test_a_folder_of_other_settings_is_refused(tmp_path, scenes):
    train(tmp_path / "out", scenes, epochs=1)
    for other in ({"epochs": 2}, {"epochs": 1, "seed": 4}, {"epochs": 1, "classes": ("ground", "box", "tree")}):
        with pytest.raises(
            InputError, match=r"belongs to a training with other (segmenter|seed|classes)\. Try: another folder"
        ):
            train(tmp_path / "out", scenes, **other)


@pytest.fixture
def bfloat16_cpu(monkeypatch):
    """Have torch say that this CPU has instructions for bfloat16, which it then emulates."""
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)


def test_auto_trains_and_resumes_in_bfloat16_where_the_cpu_has_it(tmp_path, scenes, bfloat16_cpu):
    train(tmp_path / "whole", scenes, epochs=2)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", scenes, Interrupts(after=1), epochs=2)
    train(tmp_path / "parts", scenes, epochs=2)
    (whole, facts), (parts, _) = (load_tensors(tmp_path / run / "last.safetensors") for run in ("whole", "parts"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    assert facts["run"]["segmenter"]["precision"] == "bfloat16"
    assert load_conditions(tmp_path / "parts") == {"precision": "bfloat16 autocast"}


def test_float32_is_honoured_where_the_cpu_has_bfloat16(tmp_path, scenes, bfloat16_cpu):
    weights = {
        precision: load_tensors(train(tmp_path / precision, scenes, epochs=1, precision=precision))[0]
        for precision in ("float32", "bfloat16")
    }
    assert load_conditions(tmp_path / "float32") == {"precision": "float32"}
    assert not all(torch.equal(weights["float32"][key], weights["bfloat16"][key]) for key in weights["float32"])


def test_a_training_is_not_resumed_in_another_precision(tmp_path, scenes, bfloat16_cpu, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "out", scenes, Interrupts(after=1))
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    with pytest.raises(InputError, match="belongs to a training with other segmenter"):
        train(tmp_path / "out", scenes)


def test_float16_on_a_cpu_is_refused_before_the_training(tmp_path, scenes):
    with pytest.raises(InputError, match=r"^segmenter\.precision=float16: not available on cpu .*Try: segmenter\.prec"):
        train(tmp_path / "out", scenes, precision="float16")
    assert not (tmp_path / "out").exists()


def test_the_process_draws_the_same_numbers_after_a_training(tmp_path, scenes):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    train(tmp_path / "out", scenes, epochs=1)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(("count", "model"), [(2, "DeepLabV3Plus"), (3, "DeepLabV3Plus"), (3, "PSPNet")])
def test_fewer_images_than_a_batch_and_incomplete_batches_train(tmp_path, count, model):
    scenes = write_scenes(tmp_path / "training", count), write_scenes(tmp_path / "validation", 1)
    train(tmp_path / "out", scenes, epochs=1, model=model, batch_size=2 if model == "DeepLabV3Plus" else 8)
    assert len(rows_of(tmp_path / "out")) == 1


@pytest.mark.parametrize(("training", "validation"), [(1, 1), (2, 0)])
def test_too_few_images_are_refused(tmp_path, training, validation):
    scenes = write_scenes(tmp_path / "training", training), write_scenes(tmp_path / "validation", validation)
    with pytest.raises(
        InputError, match=f"found {training} training and {validation} validation images, expected at least 2"
    ):
        train(tmp_path / "out", scenes)


def test_validation_masks_without_class_numbers_are_refused(tmp_path, scenes):
    for scene in scenes[1]:
        write_mask(scene.mask, 0 * read_mask(scene.mask, CLASSES) + IGNORED)
    with pytest.raises(InputError, match="validation masks: no class numbers"):
        train(tmp_path / "out", scenes, epochs=1)


def test_a_diverging_training_is_reported_and_leaves_no_weights(tmp_path, scenes):
    with pytest.raises(FloatingPointError, match="diverged at step"):
        train(tmp_path / "out", scenes, epochs=2, learning_rate=1e30)
    assert not (tmp_path / "out" / "best.safetensors").exists()


@pytest.mark.parametrize("normalisation", ["fused", "imagenet"])
def test_the_weights_contain_what_prediction_needs(tmp_path, scenes, normalisation):
    from downstream.segmentation.normalisation import IMAGENET_STATISTICS, measure_statistics

    _, facts = load_tensors(train(tmp_path / "out", scenes, epochs=1, normalisation=normalisation))
    measured = measure_statistics(LabelledImages(scenes[0], CLASSES))
    expected = measured if normalisation == "fused" else IMAGENET_STATISTICS
    assert facts["statistics"] == expected._asdict()
    assert facts["classes"] == list(CLASSES)
    assert (facts["seed"], facts["epoch"], facts["segmenter"]["encoder"]) == (3, 1, "mobilenet_v2")
