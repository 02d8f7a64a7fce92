"""The effect maps and gates of a shown scene, as one file between the stage that measures and the report."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from fusion.effects import INTERVENTIONS, EffectMaps, pair_effects
from fusion.fusers import Fuser, ISFuseFuser
from fusion.images import Pair, luma
from fusion.storage import load_tensors, save_tensors


class SceneEffects(NamedTuple):
    """What is drawn of one scene: effect maps, and the gates of the scales (finest first) of a network that has any."""

    maps: EffectMaps
    gates: list[Tensor]


def scene_effects(fuser: Fuser, pair: Pair, seed: int) -> SceneEffects:
    """Measure one scene; the holes are those of `pair_effects`.

    Raises:
        InputError: as `pair_effects`.
    """
    infrared, visible = pair.read()
    gates = fuser.gates(infrared, luma(visible)) if isinstance(fuser, ISFuseFuser) else []
    return SceneEffects(pair_effects(fuser, pair, seed), gates)


def save_scene(path: Path, scene: SceneEffects) -> None:
    """Write a scene as safetensors."""
    save_tensors(path, {**scene.maps, **{f"gate {scale}": gate for scale, gate in enumerate(scene.gates)}}, {})


def load_scene(path: Path) -> SceneEffects:
    """Read what `save_scene` wrote.

    Raises:
        InputError: the file is missing or is something else.
    """
    tensors, _ = load_tensors(path)
    gates = sorted(name for name in tensors if name.startswith("gate "))
    return SceneEffects({name: tensors[name] for name in INTERVENTIONS}, [tensors[name] for name in gates])
