"""The settings of a pipeline, resolved once: everything behind the command line reads these frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from downstream.detection import DetectorSettings
from downstream.segmentation import SegmenterSettings
from fusion.errors import InputError, unknown_name
from fusion.images import require_range
from fusion.metrics import choose_metrics
from fusion.networks import require_network
from fusion.stress import Condition, parse_conditions
from fusion.training import LossWeights, Objective, Schedule
from pipelines.data_settings import DataSettings
from pipelines.overrides import SettingsDict

JUDGED_TASKS = ("detection", "segmentation")


@dataclass(frozen=True)
class SampleSettings:
    """The built-in sample: its folder layout ("m3fd" or "msrs") and the number of training and test pairs.

    Raises:
        InputError: fewer than one pair of either.
    """

    layout: str
    train: int
    test: int

    def __post_init__(self) -> None:
        for name, count in (("train", self.train), ("test", self.test)):
            if count < 1:
                raise InputError(f"sample.{name}={count}: out of range (expected 1 or more)")


@dataclass(frozen=True)
class MetricSettings:
    """Which fusion metrics are measured, under which convention, and published values to show beside them."""

    convention: str
    names: tuple[str, ...]
    published: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class EffectsSettings:
    """How many test images the effects of interventions are measured on (0: no analysis), and the seed of the holes.

    Raises:
        InputError: a negative number of images.
    """

    images: int
    seed: int

    def __post_init__(self) -> None:
        if self.images < 0:
            raise InputError(f"effects.images={self.images}: out of range (expected 0, no analysis, or more)")


@dataclass(frozen=True)
class StressSettings:
    """The conditions that the test images are put under besides the clean ones, and the seed of what these draw."""

    conditions: tuple[Condition, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class TrainingSettings:
    """How a fusion network is trained.

    Attributes:
        network: constructor arguments of `ISFuse`.
        objective: what is minimised.
        schedule: length, batches, learning rate.
        teacher: a fuser to distil, or None.
        start: weights to start from, a file or the name of a learned fuser; None starts from random weights.
        task: the task whose network is trained along and judges the fused images; None trains for fusion alone.
        critic_rate: learning rate of that network at the start.

    Raises:
        InputError: an unknown task, or a rate out of range.
    """

    network: Mapping[str, Any]
    objective: Objective
    schedule: Schedule
    teacher: str | None
    start: str | None
    task: str | None = None
    critic_rate: float = 1e-3

    def __post_init__(self) -> None:
        if self.task is not None and self.task not in JUDGED_TASKS:
            raise unknown_name("training.task", self.task, JUDGED_TASKS)
        if not 0 < self.critic_rate <= 1:
            raise InputError(f"training.critic_rate={self.critic_rate}: out of range (expected above 0, at most 1)")

    @property
    def key(self) -> dict[str, Any]:
        """The settings that decide the trained network, as JSON values."""
        objective, schedule = asdict(self.objective), asdict(self.schedule)
        del schedule["checkpoint_s"]
        objective["loss"] = objective.pop("weights")
        rest: dict[str, Any] = {"network": dict(self.network), "teacher": self.teacher, "start": self.start}
        if self.task:
            rest |= {"task": self.task, "critic_rate": self.critic_rate}
        return {**rest, **objective, "schedule": schedule}


@dataclass(frozen=True)
class FuserSettings:
    """The fusers of a table as the user named them; `pipelines.rows.build_rows` turns them into rows.

    Attributes:
        names: of the fusers, apart from the baselines.
        options: by row, the options of its fuser.
        variants: further rows, each with the training settings it changes.
        on_request: names of the variants that become rows only where they are named.
        training: the settings of the section `training`, which variants change.
    """

    names: tuple[str, ...]
    options: Mapping[str, Any]
    variants: Mapping[str, Mapping[str, Any]]
    training: SettingsDict
    on_request: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """All settings of one run of a pipeline.

    Attributes:
        name: of the pipeline.
        task: "detection", "segmentation" or "quality".
        device: "auto", "cpu", "cuda", ...
        panels: number of scenes shown in the report.
        data: the image pairs.
        sample: the built-in sample, used where there is no data.
        fusers: what is compared.
        metrics: the fusion metrics.
        seeds: one training of the detector or segmenter per fuser and seed; empty without a task network.
        baseline: the row that every other row is compared with; None without a task network.
        detector: None unless the task is detection.
        segmenter: None unless the task is segmentation.
        effects: the analysis of interventions; None where the pipeline has none.
        stress: the conditions that trained networks are also tested under.

    Raises:
        InputError: a value is out of range, or the settings of the task's network are missing.
    """

    name: str
    task: str
    device: str
    panels: int
    data: DataSettings
    sample: SampleSettings
    fusers: FuserSettings
    metrics: MetricSettings
    seeds: tuple[int, ...] = ()
    baseline: str | None = None
    detector: DetectorSettings | None = None
    segmenter: SegmenterSettings | None = None
    effects: EffectsSettings | None = None
    stress: StressSettings = field(default_factory=StressSettings)

    def __post_init__(self) -> None:
        if self.panels < 0:
            raise InputError(f"panels={self.panels}: out of range (expected 0 or more)")
        section = {"detection": "detector", "segmentation": "segmenter"}.get(self.task)
        if section and getattr(self, section) is None:
            raise InputError(f"task={self.task!r}: pipeline {self.name} has no settings of a {section}")


def resolve_settings(found: SettingsDict) -> Settings:
    """Check the settings of a pipeline and freeze them.

    Args:
        found: as `pipelines.config.choose_settings` returns them, with the pipeline's name.

    Raises:
        InputError: a value is out of range, or names an unknown metric or convention.
    """
    data, sample, metrics = found["data"], found["sample"], found["metrics"]
    classes = tuple(data["classes"]) if "classes" in data else None
    levels = data.get("mask_values", ())
    mask_values = tuple(levels) if isinstance(levels, list | tuple) else (levels,)
    infrared_range = require_range(data["infrared_range"], "data.infrared_range")
    chosen = choose_metrics(metrics["names"] or None, metrics["convention"])
    return Settings(
        name=found["name"],
        task=found["task"],
        device=found["device"],
        panels=found["panels"],
        data=DataSettings(**{**data, "classes": classes, "mask_values": mask_values, "infrared_range": infrared_range}),
        sample=SampleSettings(sample["layout"], sample["train"], sample["test"]),
        fusers=_fusers(found),
        metrics=MetricSettings(metrics["convention"], tuple(metric.name for metric in chosen), metrics["published"]),
        seeds=tuple(found.get("seeds", ())),
        baseline=found.get("baseline"),
        detector=DetectorSettings(**found["detector"]) if "detector" in found else None,
        segmenter=SegmenterSettings(**found["segmenter"]) if "segmenter" in found else None,
        effects=EffectsSettings(**found["effects"]) if "effects" in found else None,
        stress=StressSettings(parse_conditions(found["stress"]["conditions"]), found["stress"]["seed"]),
    )


def _fusers(found: SettingsDict) -> FuserSettings:
    """Return the fusers with their variants, and with those on request that are asked for."""
    names, on_request = tuple(found["fusers"]), found["on_request"]
    variants = {**found["variants"], **{name: on_request[name] for name in names if name in on_request}}
    return FuserSettings(names, found["fuser_options"], variants, found["training"], tuple(on_request))


def resolve_training(training: SettingsDict) -> TrainingSettings:
    """Check the section `training` of a pipeline's settings and freeze it.

    Raises:
        InputError: a value is out of range, or names an unknown gate, ablation, ... .
    """
    require_network(training["network"])
    passes = {name: training[name] for name in ("ablation", "batchnorm", "divided")}
    return TrainingSettings(
        network=training["network"],
        objective=Objective(LossWeights(**training["loss"]), **passes),
        schedule=Schedule(**training["schedule"]),
        teacher=training["teacher"],
        start=training["start"],
        task=training["task"],
        critic_rate=training["critic_rate"],
    )
