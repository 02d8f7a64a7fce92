"""What the stage effects/NAME leaves for the report: effect maps and gates of scenes, and a check with known truth.

The sample knows which camera shows which object. A fusion that keeps what only one camera shows must change most there
when that camera is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from fusion.effects import EffectMaps, pair_effects
from fusion.fusers import Fuser, ISFuseFuser
from fusion.images import Pair, luma
from fusion.interventions import INTERVENTIONS
from fusion.storage import load_tensors, read_json, save_tensors

CAMERAS = ("infrared", "visible")
EFFECTS, OBJECTS, SCENES = "effects.json", "objects.json", "scenes"  # files and folder of the stage


class SceneEffects(NamedTuple):
    """What is drawn of a scene: its effect maps, and the gates of a network that has any, finest scale first."""

    maps: EffectMaps
    gates: list[Tensor]


class KnownObject(NamedTuple):
    """An object of the sample that only `camera` shows, and its box in pixels."""

    camera: str
    box_xyxy: tuple[int, int, int, int]


class ObjectEffect(NamedTuple):
    """Mean change of fused luma inside an object's box when either camera is dropped."""

    camera: str
    without_infrared: float
    without_visible: float

    @property
    def as_known(self) -> bool:
        """Whether dropping the camera that shows the object changes its box more than dropping the other one."""
        if self.camera == "infrared":
            return self.without_infrared > self.without_visible
        return self.without_visible > self.without_infrared


def scene_effects(fuser: Fuser, pair: Pair, seed: int) -> SceneEffects:
    """Measure the effects of interventions on one scene; `seed` and the pair's stem decide the holes.

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
        InputError: the file is missing, or is something else.
    """
    tensors, _ = load_tensors(path)
    gates = sorted(name for name in tensors if name.startswith("gate "))
    return SceneEffects({name: tensors[name] for name in INTERVENTIONS}, [tensors[name] for name in gates])


def load_known_objects(sample: Path) -> dict[str, list[KnownObject]]:
    """Read which objects of the sample only one camera shows, by image stem.

    Raises:
        InputError: the folder has no objects.json.
    """
    return {
        stem: [
            KnownObject(thing["shown_by"], tuple(thing["box_xyxy"]))
            for thing in scene["objects"]
            if thing["shown_by"] in CAMERAS
        ]
        for stem, scene in read_json(sample / "objects.json").items()
    }


def object_effects(maps: EffectMaps, objects: Sequence[KnownObject]) -> list[ObjectEffect]:
    """Average the effect of dropping either camera over every object's box."""
    found = []
    for camera, (left, top, right, bottom) in objects:
        without_infrared, without_visible = (
            float(maps[f"without_{dropped}"][:, top:bottom, left:right].mean()) for dropped in CAMERAS
        )
        found.append(ObjectEffect(camera, without_infrared, without_visible))
    return found
