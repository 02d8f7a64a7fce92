import pickle
import re

import pytest
import torch
from safetensors.torch import save_file

from fusion.errors import InputError
from fusion.networks.checkpoints import load_network, load_reference, save_network
from fusion.networks.isfuse import ISFuse
from fusion.storage.tensor_files import load_tensors, save_tensors

SETTINGS = {"channels": 4, "gate": "pixel"}


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "a.safetensors"
    save_network(path, ISFuse(**SETTINGS), SETTINGS, {"epoch": 3, "values": {"loss": 0.5}})
    return path


def test_a_network_comes_back_with_its_weights_and_facts_in_eval_mode(tmp_path):
    network = ISFuse(**SETTINGS)
    network(torch.rand(2, 2, 1, 16, 16)[0], torch.rand(2, 1, 16, 16))  # moves the running statistics
    save_network(tmp_path / "a.safetensors", network, SETTINGS, {"epoch": 3})
    again, facts = load_network(tmp_path / "a.safetensors")
    assert facts == {"architecture": "isfuse", "network": SETTINGS, "epoch": 3}
    assert not any(module.training for module in again.modules())
    assert again.state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in network.state_dict().items())


def test_a_truncated_file_is_reported(checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(InputError, match=rf"^{re.escape(str(checkpoint))}: cannot be read as a safetensors checkpoint"):
        load_network(checkpoint)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_file_that_is_not_a_checkpoint_is_reported(tmp_path, content):
    path = tmp_path / "a.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.safetensors: cannot be read as a safetensors checkpoint"):
        load_tensors(path)


def test_a_safetensors_file_of_another_program_is_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"a\.safetensors: wrong checkpoint format \(found pt, expected 1"):
        load_network(tmp_path / "a.safetensors")


def test_another_architecture_is_refused(tmp_path):
    save_tensors(tmp_path / "a.safetensors", {"a": torch.zeros(1)}, {"architecture": "unet"})
    with pytest.raises(InputError, match=r"a\.safetensors: .*found architecture 'unet', expected 'isfuse'"):
        load_network(tmp_path / "a.safetensors")


@pytest.mark.parametrize("settings", [{"channels": 8}, {"gate": "channel", "channels": 4}])
def test_weights_that_do_not_fit_the_settings_are_refused(tmp_path, settings):
    save_network(tmp_path / "a.safetensors", ISFuse(**SETTINGS), settings, {})
    with pytest.raises(InputError, match=r"a\.safetensors: does not fit this network \(\S"):
        load_network(tmp_path / "a.safetensors")


@pytest.mark.parametrize("facts", [{}, {"network": {"width": 3}}, {"network": {"gate": "wide"}}])
def test_settings_that_cannot_build_a_network_are_refused(tmp_path, facts):
    save_tensors(tmp_path / "a.safetensors", {"a": torch.zeros(1)}, {"architecture": "isfuse", **facts})
    with pytest.raises(InputError, match=r"a\.safetensors: "):
        load_network(tmp_path / "a.safetensors")


def test_a_released_checkpoint_with_code_in_it_is_refused_unexecuted(tmp_path):
    path, sprung = tmp_path / "a.pth", tmp_path / "sprung"
    torch.save({"module.head.weight": Trap(sprung)}, path)
    with pytest.raises(InputError, match=r"a\.pth: cannot be read as a plain state dict"):
        load_reference(path)
    assert not sprung.exists()


def test_a_plain_pickle_with_code_in_it_is_refused_unexecuted(tmp_path):
    path, sprung = tmp_path / "a.pth", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(sprung), protocol=2))
    with pytest.raises(InputError, match=r"a\.pth: cannot be read as a plain state dict"):
        load_reference(path)
    assert not sprung.exists()
    pickle.loads(path.read_bytes()).close()
    assert sprung.exists()  # the trap works


@pytest.mark.parametrize("content", [{"a.weight": torch.zeros(1)}, {}])
def test_a_released_checkpoint_of_another_architecture_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"a\.pth: not the released checkpoint \(\d+ tensors missing, first 'encoder"):
        load_reference(tmp_path / "a.pth")


@pytest.mark.parametrize("content", [[1, 2], torch.zeros(3)])
def test_a_released_checkpoint_that_is_not_a_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"a\.pth: cannot be read as a plain state dict"):
        load_reference(tmp_path / "a.pth")
