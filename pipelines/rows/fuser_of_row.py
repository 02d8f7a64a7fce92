"""What stands behind one row of a table: a fuser with its options, or a folder of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from fusion import Fuser, build_fuser
from fusion.fusers import fuser_class, fuser_files, installed_fusers
from pipelines.config import Settings
from pipelines.stages import Inputs

FOLDER = "folder"  # as type: images that other code has fused


class FuserSource(NamedTuple):
    """How a stage comes by a fuser; `decisive`, `needs` and `inputs` are to be among those of the stage.

    `name` is what `build_fuser` takes, or "folder", and `row` that in the tables; `given` are the options as the user
    has them, `type` among them, and `options` those of the constructor; `training` are the settings it is trained with,
    None where nothing trains it.
    """

    name: str
    row: str
    given: dict[str, Any]
    options: dict[str, Any]
    training: Settings | None

    @property
    def folder(self) -> Path | None:
        """The folder of images that are taken as they are, if this is no fuser."""
        return Path(self.options["dir"]) if self.name == FOLDER else None

    @property
    def learned(self) -> bool:
        """Whether it is a fuser with trained weights."""
        return self.name != FOLDER and fuser_class(self.name).learned

    @property
    def trained_by(self) -> str:
        """The stage that would train it."""
        return f"train_fusion/{self.row}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The stage that trains it, if one does."""
        return (self.trained_by,) if self.training else ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files and folders that decide what it does: weights that are not trained here, models, code, images."""
        if self.folder:
            return (self.folder,)
        files = fuser_files(self.name, self.options)
        return tuple(path for option, path in files.items() if option != "weights" or not self.training)

    @property
    def decisive(self) -> dict[str, Any]:
        """The settings that decide what it does."""
        package = installed_fusers().get(self.name)
        named = {"type": self.name} if "type" in self.given else {}
        return {**self.options, **named, **({"package": package} if package else {})}

    def build(self, inputs: Inputs) -> Fuser:
        """Build the fuser inside a stage."""
        weights = {"weights": str(inputs[self.trained_by] / "best.safetensors")} if self.training else {}
        return build_fuser(self.name, **{**self.options, **weights})
