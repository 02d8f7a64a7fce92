"""What a reader needs to judge a run or to repeat it, as names and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from downstream.conditions import load_conditions
from downstream.datasets import SPLITS, DetectionData, SegmentationData
from downstream.detection import DetectorSettings
from downstream.segmentation import IMAGENET, SegmenterSettings
from fusion.fusers import SHIPPED, weights_file
from pipelines.report.provenance import Made, provenance_facts
from pipelines.rows import Experiment, FuserRow, LateRow, load_pairs
from pipelines.stages import Inputs

Facts = list[tuple[str, str]]


def detection_facts(experiment: Experiment, data: DetectionData, inputs: Inputs, made: Made) -> Facts:
    """List data, split, how fusers and detector were trained, command, date, commit, machine and versions."""
    detector = experiment.settings.detector
    assert detector is not None  # of a detection task
    shown = {box.class_name for item in data.of("test") for box in item.boxes if not box.ignore}
    return [
        _split_fact(experiment, data.split_name, {split: len(data.of(split)) for split in SPLITS}),
        _leakage_fact(experiment, data.leakage),
        _absence_fact([name for name in data.classes if name not in shown], "box"),
        *_label_facts(data),
        *_registration_fact(experiment),
        *fuser_facts(experiment),
        ("detector", _detector(detector)),
        *calibration_fact(experiment, data),
        *_interventions_fact(experiment),
        _seeds_fact(experiment),
        *_conditions_fact(experiment, inputs),
        ("command", experiment.command),
        *provenance_facts(made),
    ]


def calibration_fact(experiment: Experiment, data: DetectionData) -> Facts:
    """Say on which images the scores were calibrated that rows merge as probabilities."""
    if not any(isinstance(row, LateRow) and row.calibrates for row in experiment.rows):
        return []
    unseen = data.of("val") and not experiment.folds
    images = "validation images" if unseen else "training images, which the networks have seen, as there are no others"
    return [("calibration", f"of the merged scores, by Platt's method, per network, on the {images}")]


def _label_facts(data: DetectionData) -> Facts:
    faults, ignored = data.faults, Counter(box.ignore for item in data.items for box in item.boxes if box.ignore)
    mended = f"{faults.clipped} clipped to the image, {faults.dropped} without area dropped"
    mended += f", {faults.repeated} repeated ones dropped" if faults.repeated else ""
    mended += f", {faults.outside} with less than a pixel in the frame dropped" if faults.outside else ""
    told = [("box faults", mended)]
    if ignored:
        named = " and ".join(f"{count} {kind}" for kind, count in sorted(ignored.items()))
        told.append(("ignored boxes", f"{named}: not trained on, and neither gained nor lost by finding them"))
    if faults.unlabelled:
        told.append(("background images", f"{faults.unlabelled} without a label file"))
    return told


def segmentation_facts(experiment: Experiment, data: SegmentationData, inputs: Inputs, made: Made) -> Facts:
    """List data, split, how fusers and segmenter were trained, command, date, commit, machine and versions."""
    segmenter = experiment.settings.segmenter
    assert segmenter is not None  # of a segmentation task
    return [
        _split_fact(experiment, data.split_name, {split: len(data.of(split)) for split in SPLITS}),
        _leakage_fact(experiment, data.leakage),
        _absence_fact([name for name, count in data.pixels("test").items() if not count], "pixel"),
        *_registration_fact(experiment),
        *fuser_facts(experiment),
        ("segmenter", _segmenter(segmenter)),
        *_interventions_fact(experiment),
        _seeds_fact(experiment),
        *_conditions_fact(experiment, inputs),
        ("command", experiment.command),
        *provenance_facts(made),
    ]


def quality_facts(experiment: Experiment, inputs: Inputs, made: Made) -> Facts:
    """List data, split, metrics, how fusers were trained, command, date, commit, machine and versions."""
    data, counts = experiment.settings.data, {name: len(load_pairs(inputs["prepare"], name)) for name in SPLITS}
    parts = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return [
        ("data", "built-in SAMPLE" if experiment.is_sample else data.name),
        ("split", f"{'sample' if experiment.is_sample else data.split}: {parts}"),
        ("metrics", f"of the test images, convention {experiment.settings.metrics.convention}"),
        *_registration_fact(experiment),
        *fuser_facts(experiment),
        ("command", experiment.command),
        *provenance_facts(made),
    ]


def dataset_name(experiment: Experiment) -> str:
    """Return the name of the data set in the tables."""
    return "SAMPLE" if experiment.is_sample else experiment.settings.data.name


def split_name(experiment: Experiment, name: str) -> str:
    """Return the name of the split in the tables."""
    return "sample" if experiment.is_sample and not experiment.folds else name


def fuser_facts(experiment: Experiment) -> Facts:
    """Describe every row whose name alone does not: its type, its options, and the origin of its weights."""
    described = [
        (row.name, [*_kind(row), *_origin(row, experiment)] if isinstance(row, FuserRow) else row.says)
        for row in experiment.rows
    ]
    return [(name, ", ".join(said)) for name, said in described if said]


def _split_fact(experiment: Experiment, name: str, counts: Mapping[str, int]) -> tuple[str, str]:
    data = experiment.settings.data
    seed = f", seed {data.seed}" if name == "random" else ""
    parts = ", ".join(f"{count} {split}" for split, count in counts.items() if count)
    shown = "built-in SAMPLE" if experiment.is_sample else data.name
    return "data", f"{shown}, split {split_name(experiment, name)}{seed}: {parts}"


def _registration_fact(experiment: Experiment) -> Facts:
    """Say how two cameras that see differently were brought together; nothing where they were registered."""
    data = experiment.settings.data
    found = data.load_registration()
    if found is None:
        return []
    (left, top, width, height), (whole_width, whole_height) = found.frame, found.visible_size
    told = f"{found.model}; images show {width}x{height} pixels from {left}, {top} of the {whole_width}x{whole_height} "
    told += "of visible images"
    if found.residual_median is not None:
        told += f"; median residual {found.residual_median:.2g} pixels"
    if data.classes is not None:
        told += f"; labels were drawn on {data.labels_from} images"
    return [("registration", told)]


def _leakage_fact(experiment: Experiment, leakage: float | None) -> tuple[str, str]:
    if experiment.is_sample:
        return "leakage", "none, every scene is generated independently"
    if leakage is None:
        return "leakage", "unknown, file names are not numbers"
    return "leakage", f"{leakage:.1%} of test frames have a neighbour in training"


def _absence_fact(absent: Sequence[str], unit: str) -> tuple[str, str]:
    return "classes absent", f"{', '.join(absent)}: no {unit} in the test images" if absent else "none"


def _interventions_fact(experiment: Experiment) -> Facts:
    share = experiment.settings.data.interventions
    said = f"{100 * share:g} % of the training images, the same in every row, with holes or a black camera"
    return [("interventions", said)] if share else []


def _seeds_fact(experiment: Experiment) -> tuple[str, str]:
    return "seeds", ", ".join(str(seed) for seed in experiment.settings.seeds)


def _conditions_fact(experiment: Experiment, inputs: Inputs) -> Facts:
    """Describe the precision that networks were trained in, and what else was active; several if they differ."""
    trainings = [run_id.training_stage for run_id in experiment.network_runs]
    found = [load_conditions(inputs[stage]) for stage in trainings if stage in inputs.folders]
    told = [", ".join(text if name == "precision" else f"{name} {text}" for name, text in one.items()) for one in found]
    return [("trained in", " and ".join(dict.fromkeys(told)))] if told else []


def _kind(row: FuserRow) -> list[str]:
    """Describe type and options, leaving out weights whose origin is described."""
    described = ("type", "weights") if _is_network(row) else ("type",)
    options = [f"{option} {value}" for option, value in row.given.items() if option not in described]
    package = [f"from package {row.key['package']}"] if "package" in row.key else []
    return [*([row.fuser] if "type" in row.given else []), *package, *options]


def _is_network(row: FuserRow) -> bool:
    return row.training is not None or (row.learned and ("weights" in row.options or _card(row).is_file()))


def _card(row: FuserRow) -> Path:
    return weights_file(row.fuser, SHIPPED).with_suffix(".md")


def _origin(row: FuserRow, experiment: Experiment) -> list[str]:
    """Describe where the weights of a network come from."""
    if not _is_network(row):
        return []
    if row.training is None:
        weights = row.options.get("weights", SHIPPED)
        return [
            f"the shipped weights, see fusion/weights/{_card(row).name}" if weights == SHIPPED else f"weights {weights}"
        ]
    schedule = row.training.schedule
    seeds = [one.training.schedule.seed for one in experiment.trained(row) if one.training]
    return [
        f"trained on the training pairs ({schedule.validation:.0%} held out to choose the epoch): "
        f"{row.training.objective.ablation} objective, {schedule.epochs} epochs, crops of {schedule.crop} px, "
        f"batch {schedule.batch_size}, Adam {schedule.learning_rate}, {schedule.precision}, seed "
        + ", ".join(str(seed) for seed in dict.fromkeys(seeds))
        + (", for every fold anew" if experiment.folds else "")
        + (", fusion metrics of the first" if len(set(seeds)) > 1 else "")
    ]


def _detector(detector: DetectorSettings) -> str:
    start = Path(detector.weights).name if detector.weights else "random weights"
    extra = "".join(f", {name} {value}" for name, value in detector.extra.items())
    return (
        f"{detector.model} from {start}, {detector.epochs} epochs at {detector.image_size} px, batch "
        f"{detector.batch_size}, {detector.optimizer} {detector.learning_rate}{extra}, last epoch's weights"
    )


def _segmenter(segmenter: SegmenterSettings) -> str:
    weights = segmenter.encoder_weights
    start = "random weights" if weights is None else IMAGENET if weights == IMAGENET else Path(weights).name
    return (
        f"{segmenter.model} with encoder {segmenter.encoder} from {start}, {segmenter.epochs} epochs, crops of "
        f"{segmenter.crop} px, batch {segmenter.batch_size}, AdamW {segmenter.learning_rate}, cross-entropy + Dice, "
        f"normalised by mean and deviation of {segmenter.normalisation}, weights of the epoch with the best "
        "validation mIoU"
    )
