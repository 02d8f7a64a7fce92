import builtins
import contextlib
import importlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from downstream.detection.environment import isolate_ultralytics
from downstream.start_weights import load_start_weights
from fusion.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def isolated(tmp_path_factory):
    isolate_ultralytics(tmp_path_factory.mktemp("ultralytics"))


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))


class Call:
    """Pickled as a call of `function`, as in a malicious file."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Name:
    """Pickled as a call without effect, so that a reader can only refuse it because of its name."""

    def __init__(self, found):
        self.found = found

    def __reduce__(self):
        return self.found, ()


def random_state(model):
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.rand(value.shape, generator=generator).to(value.dtype) for name, value in model.state_dict().items()
    }


TINY = str(Path(__file__).parent.parent / "tiny_yolo.yaml")


def detector(classes=3, yaml=TINY):
    from ultralytics.nn.tasks import DetectionModel

    return DetectionModel(yaml, nc=classes, verbose=False)


def test_every_matching_tensor_of_a_safetensors_file_is_copied_and_counted(tmp_path, model):
    state = random_state(model)
    save_file(state, tmp_path / "start.safetensors")
    assert load_start_weights(model, tmp_path / "start.safetensors") == "9 of 9 tensors from start.safetensors"
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_tensors_of_another_shape_or_name_are_skipped(tmp_path, model):
    state = random_state(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state["2.weight"] = torch.ones(7, 4, 1, 1)
    state["unknown"] = state.pop("2.bias")
    save_file(state, tmp_path / "start.safetensors")
    assert load_start_weights(model, tmp_path / "start.safetensors").startswith("7 of 9 ")
    assert torch.equal(model.state_dict()["2.weight"], before["2.weight"])
    assert torch.equal(model.state_dict()["2.bias"], before["2.bias"])


def test_half_precision_is_converted_to_the_precision_of_the_detector(tmp_path, model):
    state = {name: value.half() for name, value in random_state(model).items() if value.is_floating_point()}
    save_file(state, tmp_path / "start.safetensors")
    load_start_weights(model, tmp_path / "start.safetensors")
    for name, value in state.items():
        assert model.state_dict()[name].dtype == torch.float32
        assert torch.equal(model.state_dict()[name], value.float())


def test_a_state_dict_loads_with_and_without_a_surrounding_dict(tmp_path, model):
    for number, content in enumerate([random_state(model), {"model": random_state(model), "epoch": 3}]):
        torch.save(content, tmp_path / f"{number}.pt")
        assert load_start_weights(model, tmp_path / f"{number}.pt") == f"9 of 9 tensors from {number}.pt"


def test_a_checkpoint_saved_by_ultralytics_loads_whole(tmp_path):
    from ultralytics import YOLO

    source = YOLO("yolov8n.yaml")
    source.save(tmp_path / "saved.pt")
    target = detector(classes=80, yaml="yolov8n.yaml")
    count = len(target.state_dict())
    assert load_start_weights(target, tmp_path / "saved.pt") == f"{count} of {count} tensors from saved.pt"
    for name, value in source.model.state_dict().items():
        assert torch.equal(target.state_dict()[name], value.half().to(value.dtype)), name


def test_averaged_weights_of_a_checkpoint_are_preferred_to_the_last_ones(tmp_path):
    averaged, last, target = detector(), detector(), detector()
    torch.save({"model": last.half(), "ema": averaged.half(), "epoch": 1}, tmp_path / "both.pt")
    load_start_weights(target, tmp_path / "both.pt")
    for name, value in averaged.float().state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_a_checkpoint_with_train_arguments_and_losses_loads(tmp_path):
    from ultralytics.utils import IterableSimpleNamespace

    source = detector()
    source.args = IterableSimpleNamespace(box=7.5, cls=0.5, dfl=1.5)
    source.criterion = source.init_criterion()
    torch.save({"model": source, "train_args": {"epochs": 1}}, tmp_path / "trained.pt")
    count = len(source.state_dict())
    assert load_start_weights(detector(), tmp_path / "trained.pt") == f"{count} of {count} tensors from trained.pt"


def refused(path, model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(InputError) as error:
        load_start_weights(model, path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    return str(error.value)


def test_a_file_that_calls_the_shell_is_refused_and_nothing_runs(tmp_path, model):
    marker = tmp_path / "marker"
    torch.save({"model": random_state(model), "x": Call(os.system, f"touch {marker}")}, tmp_path / "evil.pt")
    assert "system" in refused(tmp_path / "evil.pt", model)
    assert not marker.exists()


def test_names_of_functions_and_of_other_packages_are_refused(tmp_path, model):
    from ultralytics.utils import colorstr

    for found in (os.system, builtins.eval, importlib.import_module, colorstr, nn.init.zeros_):
        torch.save({"model": random_state(model), "x": Name(found)}, tmp_path / "evil.pt")
        assert found.__name__ in refused(tmp_path / "evil.pt", model)


def test_code_in_the_settings_of_a_detector_is_never_run(tmp_path, model):
    from ultralytics.nn.tasks import DetectionModel

    marker = tmp_path / "marker"
    code = f"open({str(marker)!r}, 'w')"
    settings = {"nc": 1, "activation": code, "backbone": [[-1, 1, "Conv", [8, 3, 2]]], "head": []}
    torch.save({"model": random_state(model), "x": Call(DetectionModel, settings)}, tmp_path / "evil.pt")
    refused_or_inert(tmp_path / "evil.pt", model)
    assert not marker.exists()


def test_a_settings_class_of_ultralytics_never_writes_its_file(tmp_path, model):
    from ultralytics.utils import SettingsManager

    marker = tmp_path / "marker.json"
    torch.save({"model": random_state(model), "x": Call(SettingsManager, str(marker))}, tmp_path / "evil.pt")
    refused_or_inert(tmp_path / "evil.pt", model)
    assert not marker.exists()


def test_a_layer_that_reads_another_file_never_opens_it(tmp_path, model):
    from ultralytics.nn.autobackend import AutoBackend

    marker, second = tmp_path / "marker", tmp_path / "second.pt"
    torch.save({"model": Call(os.system, f"touch {marker}")}, second)
    torch.save({"model": random_state(model), "x": Call(AutoBackend, str(second))}, tmp_path / "evil.pt")
    refused_or_inert(tmp_path / "evil.pt", model)
    assert not marker.exists()


def refused_or_inert(path, model):
    with contextlib.suppress(InputError):
        load_start_weights(model, path)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused_by_name(tmp_path, model, suffix, part):
    path = tmp_path / f"start{suffix}"
    (torch.save if suffix == ".pt" else save_file)(random_state(model), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    assert path.name in refused(path, model)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, model, suffix):
    path = tmp_path / f"start{suffix}"
    path.write_text("<!DOCTYPE html>\n<html>not found</html>\n")
    assert path.name in refused(path, model)


@pytest.mark.parametrize("content", [[torch.zeros(2)], torch.zeros(2), 5, {}, {"model": 3}, {"ema": torch.zeros(2)}])
def test_a_file_without_named_tensors_is_refused_by_name(tmp_path, model, content):
    torch.save(content, tmp_path / "start.pt")
    assert "start.pt" in refused(tmp_path / "start.pt", model)


def test_a_file_without_matching_tensors_is_refused_with_its_count(tmp_path, model):
    save_file({"a": torch.zeros(2), "b": torch.zeros(3)}, tmp_path / "start.safetensors")
    assert "none of its 2 tensors" in refused(tmp_path / "start.safetensors", model)


def test_all_of_the_shared_coco_weights_but_the_head_match(shared):
    path = shared / "weights" / "yolov5n_coco.safetensors"
    model = detector(classes=3, yaml="yolov5n.yaml")
    stored, own = load_file(path), model.state_dict()
    other = {name for name in own if name not in stored or stored[name].shape != own[name].shape}
    assert load_start_weights(model, path) == f"{len(own) - len(other)} of {len(own)} tensors from {path.name}"
    assert other == {name for name in own if name.startswith("model.24.")}  # a head with anchors
    kept = model.state_dict()
    assert all(torch.equal(kept[name], stored[name].to(kept[name].dtype)) for name in own.keys() - other)
