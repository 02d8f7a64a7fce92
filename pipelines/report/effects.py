"""The section of a report on how far interventions move the fused images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fusion.images import Pair, read_visible
from fusion.interventions import INTERVENTIONS
from fusion.markdown import Cell
from fusion.scoring import ImageScores, Mean, Means, mean_scores, write_image_rows
from fusion.storage import read_json
from pipelines.report.elements import Picture, Section, Table, TableRow
from pipelines.report.figures.effects import draw_effects
from pipelines.report.panels import spread
from pipelines.rows import CAMERAS, EFFECTS, OBJECTS, SCENES, Experiment, ObjectEffect, load_pairs, load_scene
from pipelines.stages import Inputs

_TABLE_EXPLAINED = """\
Mean change of fused luma (black 0, white 1) with 95 % bootstrap interval over images, when holes of 16 pixels are cut
into the inputs (**complementary**: different holes for each camera; **random**: the same for both) or one camera is
black. The smaller the change for holes, the more stable the fusion; the larger without a camera, the more the fusion
takes from it. Holes weigh less in larger images, so compare fusers on the same images only. effects.csv has every
image.
"""
_PICTURES_EXPLAINED = """\
In the pictures, all effect maps share one scale. A gate is high where the network takes features that the cameras
exchange, and low where it takes each camera's own; every gate is drawn in the range printed above it.
"""
_TRUTH_EXPLAINED = (
    "Mean change of fused luma inside the objects' boxes. The sample knows which camera shows what; a fusion that "
    "keeps what only one camera shows changes most there when that camera is dropped. A few objects are no such proof "
    "for any fusion: at night they are hardly brighter than the warm street."
)


def effects_sections(out_dir: Path, experiment: Experiment, inputs: Inputs, title: str) -> list[Section]:
    """Write effects.csv and effects/FUSER/SCENE.png into the report's folder, and describe them in a section.

    Args:
        out_dir: the report's folder.
        experiment: names the analysed rows.
        inputs: hold the stages effects/NAME of all analysed rows.
        title: above every picture.

    Returns:
        One section; none where the analysis is off.
    """
    analysed = experiment.analysed_rows
    if not analysed:
        return []
    stages = {row.name: f"effects/{row.name}" for row in analysed}
    failed = {name: inputs.failures[stage] for name, stage in stages.items() if stage in inputs.failures}
    folders = {name: inputs[stage] for name, stage in stages.items() if name not in failed}
    learned = [row.name for row in analysed if row.learned and row.name in folders]
    rows = [ImageScores(**row) for folder in folders.values() for row in read_json(folder / EFFECTS)]
    write_image_rows(out_dir / "effects.csv", rows)
    means = mean_scores(rows)
    parts: list[str | Table | Picture] = [effects_table(means, failed), _TABLE_EXPLAINED]
    parts += [ordering_sentence(name, {kind: means[kind][name] for kind in INTERVENTIONS}) for name in learned]
    if experiment.is_sample:
        found = {
            name: [ObjectEffect(*values) for values in read_json(folder / OBJECTS)] for name, folder in folders.items()
        }
        parts.append(truth_table(found))
    shown = spread(load_pairs(inputs["prepare"], "test"), experiment.settings.panels)
    drawn = [name for name in learned if f"fuse/{name}" in inputs.folders]
    pictures = [_picture(out_dir, inputs, name, pair, title) for name in drawn for pair in shown]
    if pictures:
        parts += [_PICTURES_EXPLAINED, *pictures]
    return [Section("Effects of interventions", parts)]


def effects_table(means: Means, failed: Mapping[str, str]) -> Table:
    """Build the table of mean effects, one row per fuser; a failed fuser is a row with its reason."""
    fusers = dict.fromkeys(fuser for of_intervention in means.values() for fuser in of_intervention)
    images = max((mean.n for of_intervention in means.values() for mean in of_intervention.values()), default=0)
    rows = [TableRow(fuser, [Cell(_interval(means[name][fuser]), False) for name in INTERVENTIONS]) for fuser in fusers]
    rows += [TableRow(fuser, [], f"failed: {reason}") for fuser, reason in failed.items()]
    columns = [name.replace("_", " ") for name in INTERVENTIONS]
    return Table(f"Change by interventions, mean over {images} images", "fuser", columns, rows)


def ordering_sentence(fuser: str, means: Mapping[str, Mean]) -> str:
    """State whether the published ordering holds: dropping either camera > complementary > random holes."""
    complementary, random, *dropped = (means[name].mean or 0.0 for name in INTERVENTIONS)
    broken = []
    if min(dropped) <= complementary:
        broken.append("complementary holes move it no less than a dropped camera")
    if complementary <= random:
        broken.append("random holes move it no less than complementary ones")
    verdict = f"does not hold in the means: {', and '.join(broken)}" if broken else "holds in the means"
    return f"**{fuser}**: the published ordering, dropping a camera > complementary > random, {verdict}.\n"


def _picture(out_dir: Path, inputs: Inputs, fuser: str, pair: Pair, title: str) -> Picture:
    name = f"effects/{fuser}/{pair.stem}.png"
    scene = load_scene(inputs[f"effects/{fuser}"] / SCENES / f"{pair.stem}.safetensors")
    fused = read_visible(inputs[f"fuse/{fuser}"] / "images" / f"{pair.stem}.png")
    draw_effects(out_dir / name, *pair.read(), fused, scene, f"{title}, {fuser}, scene {pair.stem}")
    return Picture(f"effects on {fuser}, scene {pair.stem}", name)


def _interval(mean: Mean) -> str:
    return "-" if mean.mean is None else f"{mean.mean:.4f} [{mean.low:.4f}, {mean.high:.4f}]"


def truth_table(found: Mapping[str, Sequence[ObjectEffect]]) -> Table:
    """Build the table that compares, for objects only one camera shows, the effects of dropping either camera."""
    rows = []
    for fuser, effects in found.items():
        for camera in CAMERAS:
            of_camera = [effect for effect in effects if effect.camera == camera]
            dropped = [e.without_infrared for e in of_camera], [e.without_visible for e in of_camera]
            as_known = sum(effect.as_known for effect in of_camera)
            means = map(_mean_text, dropped)
            texts = [f"only {camera}", str(len(of_camera)), *means, f"{as_known} of {len(of_camera)}"]
            rows.append(TableRow(fuser, [Cell(text, False) for text in texts]))
    columns = ["objects shown by", "n", "dropping infrared", "dropping visible", "that camera matters more in"]
    return Table("Objects that one camera alone shows", "fuser", columns, rows, note=_TRUTH_EXPLAINED)


def _mean_text(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4f}" if values else "-"
