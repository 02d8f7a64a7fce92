"""The settings of a data set: which pairs and labels a pipeline reads, and how it divides them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from downstream.datasets import VISIBLE, LabelTransform, require_camera, require_pattern
from fusion.errors import InputError
from fusion.images import InfraredRange
from fusion.registration import Registration, load_registration


@dataclass(frozen=True)
class DataSettings:
    """Which image pairs a pipeline reads and how it splits them.

    Attributes:
        name: of the data set, as shown in the report.
        source: where to obtain it.
        root: the data folder; None stands for `data/NAME`.
        split: a published split, "random", "folders", "train_val", "all", or a folder with train.txt and test.txt.
        seed: of the split "random".
        labels: label format of a detection data set, else None.
        classes: class names in label order; None without labels.
        masks: name of the folder of label masks ("" finds the usual ones); None unless the task is segmentation.
        mask_values: the grey level of every class in the masks, in the order of the classes; () if it is its number.
        infrared: name of the folder of infrared images ("" finds the usual ones); None for data sets with labels.
        visible: likewise.
        infrared_range: which infrared levels of more than 8 bits become black and white, as for `with_infrared_range`.
        registration: file of the transform between the two cameras; None if the pairs are registered.
        labels_from: "visible" or "infrared", the camera on whose images the labels were drawn; it counts with a
            registration only.
        folds: with K, the pairs of all splits are cut into K folds, each tested by networks trained on the others; with
            0, the split's test pairs are tested.
        groups: a regular expression that finds in an image's name which images belong together, such as the drive; they
            stay in one fold and are drawn together for intervals. "" takes runs of consecutive images.
        interventions: the share of the training images of a detector or segmenter that are made of intervened pairs.

    Raises:
        InputError: a negative number of folds, a single one, a share that is none, grey levels that do not fit the
            classes, or a pattern that is no regular expression; an unknown camera of labels, or infrared labels without
            a registration; or a file that is no registration.
    """

    name: str
    source: str
    root: str | None
    split: str
    seed: int
    labels: str | None = None
    classes: tuple[str, ...] | None = None
    masks: str | None = None
    mask_values: tuple[int, ...] = ()
    infrared: str | None = None
    visible: str | None = None
    infrared_range: InfraredRange = "dataset"
    registration: str | None = None
    labels_from: str = VISIBLE
    folds: int = 0
    groups: str = ""
    interventions: float = 0.0

    def __post_init__(self) -> None:
        if self.folds < 0 or self.folds == 1:
            raise InputError(
                f"data.folds={self.folds}: out of range (expected 2 or more, or 0 for the split's test pairs)"
            )
        if not 0 <= self.interventions <= 1:
            raise InputError(f"data.interventions={self.interventions}: no share (expected 0 to 1)")
        require_pattern(self.groups)
        require_camera(self.labels_from)
        if self.labels_from != VISIBLE and not self.registration:
            expected = "expected a registration, which brings them into the visible image"
            raise InputError(
                f"data.labels_from={self.labels_from}: without effect ({expected}). Try: data.registration=FILE"
            )
        self.load_registration()  # raises now
        levels = {level for level in self.mask_values if type(level) is int and level >= 0}
        if self.mask_values and not len(levels) == len(self.mask_values) == len(self.classes or ()):
            classes = ", ".join(self.classes or ())
            found = f"found {len(levels)}, expected one for each class: {classes}"
            raise InputError(f"data.mask_values={list(self.mask_values)}: wrong number of grey levels ({found})")

    @property
    def files(self) -> tuple[Path, ...]:
        """What decides about pairs besides the data folder: a folder with train.txt and test.txt, a registration."""
        lists = (Path(self.split),) if Path(self.split).is_dir() else ()
        return (*lists, Path(self.registration)) if self.registration else lists

    def load_registration(self) -> Registration | None:
        """Read the file `registration`; None if there is none.

        Raises:
            InputError: as the function of this name.
        """
        return load_registration(Path(self.registration)) if self.registration else None

    def label_transform(self) -> LabelTransform | None:
        """Return what brings labels into the registered images; None without a registration."""
        registration = self.load_registration()
        return LabelTransform(registration, self.labels_from) if registration else None

    @property
    def key(self) -> dict[str, Any]:
        """The settings that decide which pairs are read and how they are divided, as JSON values.

        Of a registration, the content of its file decides, which is one of `files`.
        """
        settings = {name: value for name, value in asdict(self).items() if value is not None or name == "root"}
        settings.pop("registration", None)
        del settings["interventions"]
        if self.labels_from == VISIBLE:
            del settings["labels_from"]
        if not self.folds:
            del settings["folds"], settings["groups"]
        if not self.mask_values:
            del settings["mask_values"]
        if self.infrared_range == "dataset":
            del settings["infrared_range"]
        return settings
