"""Which fusers a pipeline compares, and how its stages come by each of them."""

from __future__ import annotations

import inspect
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from fusion import Fuser, build_fuser
from fusion.learned import weights_file
from fusion.registry import fuser_class
from pipelines.config import Settings, flatten, override
from pipelines.stage import Inputs

SOURCES = ("infrared", "visible")  # one camera alone: no fusion
BASELINES = (*SOURCES, "average")  # a score without them says nothing
_TRAIN = "train"  # as weights: those that the pipeline makes first
_VARIED = "isfuse"  # what a variant is a variant of


class FuserSource(NamedTuple):
    """How a stage comes by a fuser; `options`, `needs` and `inputs` are to be among those of the stage.

    `name` is that of the registry and `row` that in the tables; `training` are the settings it is trained with, None
    where nothing trains it.
    """

    name: str
    row: str
    options: dict[str, Any]
    training: Settings | None

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
        """The file of weights, of a fuser that learns and is not trained here."""
        return (weights_file(self.options["weights"]),) if "weights" in self.options and not self.training else ()

    def build(self, inputs: Inputs) -> Fuser:
        """Build the fuser inside a stage."""
        weights = {"weights": str(inputs[self.trained_by] / "best.safetensors")} if self.training else {}
        return build_fuser(self.name, **{**self.options, **weights})


def fuser_names(settings: Settings) -> list[str]:
    """List the rows of the table: the baselines first, then the chosen fusers and the variants, each once.

    Raises:
        InputError: an unknown fuser.
    """
    names = list(dict.fromkeys([*BASELINES, *settings["fusers"], *settings["variants"]]))
    for name in names:
        fuser_class(_base(settings, name))
    return names


def fuser_source(settings: Settings, row: str) -> FuserSource:
    """Read from the settings how a stage comes by the fuser of a row.

    The pipeline trains every variant, and a fuser that learns if its weights are called "train".
    """
    name = _base(settings, row)
    options = dict(settings["fuser_options"].get(row, {}))
    if "device" in inspect.signature(fuser_class(name)).parameters:
        options.setdefault("device", settings["device"])
    trained = row in settings["variants"] or (fuser_class(name).learned and options.get("weights") == _TRAIN)
    return FuserSource(name, row, options, _training(settings, row) if trained else None)


def _base(settings: Settings, row: str) -> str:
    return _VARIED if row in settings["variants"] else row


def _training(settings: Settings, row: str) -> Settings:
    """Apply what makes a variant to the settings of the training.

    Raises:
        InputError: the variant changes a setting that does not exist.
    """
    training: Settings = deepcopy(settings["training"])
    for key, value in flatten(settings["variants"].get(row, {})):
        override(training, key, value)
    return training
