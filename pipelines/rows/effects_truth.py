"""A check with a known answer: what one camera alone shows has to suffer most when that camera is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fusion.effects import EffectMaps
from fusion.markdown import Cell
from fusion.storage import read_json
from pipelines.report import Line, Table

_CAMERAS = ("infrared", "visible")
_EXPLAINED = (
    "Mean change of fused luma inside the objects' boxes. The sample knows which camera shows what; a fusion that "
    "keeps what only one camera shows changes there most when that camera is dropped. A few objects are no such proof "
    "for any fusion: by night they are hardly brighter than the warm street."
)


class KnownObject(NamedTuple):
    """An object of the sample that only `camera` shows, and its box in pixels."""

    camera: str
    box_xyxy: tuple[int, int, int, int]


class ObjectEffect(NamedTuple):
    """How far an object's box moves on average when either camera is dropped."""

    camera: str
    without_infrared: float
    without_visible: float

    @property
    def as_known(self) -> bool:
        """Whether dropping the camera that shows the object moves it more than dropping the other one."""
        if self.camera == "infrared":
            return self.without_infrared > self.without_visible
        return self.without_visible > self.without_infrared


def load_known_objects(sample: Path) -> dict[str, list[KnownObject]]:
    """Read from the sample's objects.json what one camera alone shows, by image.

    Raises:
        InputError: `sample` has no such file.
    """
    return {
        stem: [
            KnownObject(thing["shown_by"], tuple(thing["box_xyxy"]))
            for thing in scene["objects"]
            if thing["shown_by"] in _CAMERAS
        ]
        for stem, scene in read_json(sample / "objects.json").items()
    }


def object_effects(maps: EffectMaps, objects: Sequence[KnownObject]) -> list[ObjectEffect]:
    """Average the effects of dropping a camera inside every object's box."""
    found = []
    for camera, (left, top, right, bottom) in objects:
        without_infrared, without_visible = (
            float(maps[f"without_{dropped}"][:, top:bottom, left:right].mean()) for dropped in _CAMERAS
        )
        found.append(ObjectEffect(camera, without_infrared, without_visible))
    return found


def truth_table(found: Mapping[str, Sequence[ObjectEffect]]) -> Table:
    """Say, by fuser, whether the objects that one camera shows hang on that camera."""
    lines = []
    for fuser, effects in found.items():
        for camera in _CAMERAS:
            of_camera = [effect for effect in effects if effect.camera == camera]
            means = [_mean([e.without_infrared for e in of_camera]), _mean([e.without_visible for e in of_camera])]
            as_known = sum(effect.as_known for effect in of_camera)
            texts = [f"only {camera}", str(len(of_camera)), *means, f"{as_known} of {len(of_camera)}"]
            lines.append(Line(fuser, [Cell(text, False) for text in texts]))
    columns = ["objects shown by", "n", "dropping infrared", "dropping visible", "that camera matters more in"]
    return Table("Objects that one camera alone shows", "fuser", columns, lines, note=_EXPLAINED)


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4f}" if values else "-"
