"""The section of a report that tells how far interventions move the fused images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fusion.effects import INTERVENTIONS
from fusion.images import Pair, read_visible
from fusion.markdown import Cell
from fusion.scoring import ImageScores, Mean, Means, mean_scores, write_image_rows
from fusion.storage import read_json
from pipelines.config import Settings
from pipelines.report.effects_figure import draw_effects
from pipelines.report.panels import spread
from pipelines.report.section import Picture, Section
from pipelines.report.table import Line, Table
from pipelines.rows import ObjectEffect, fuser_source, load_pairs, load_scene, truth_table
from pipelines.stages import Inputs
from pipelines.tasks import OBJECTS, ROWS, SCENES, analysed_fusers

_TABLE_EXPLAINED = """\
Mean change of fused luma (black 0, white 1) with 95 % bootstrap interval over images, when holes of 16 pixels are cut
into the inputs (**complementary**: others for each camera; **random**: the same for both) or one camera is black. The
smaller for holes, the steadier; the larger without a camera, the more the fusion takes from it. Holes weigh less in
larger images, so compare fusers on equal images only. effects.csv has every image.
"""
_PICTURES_EXPLAINED = """\
In the pictures, effects share one scale. A gate is high where the network takes what each camera finds in the other
one, and low where it takes their own features; each gate has the colours of its own range, which stands above it.
"""


def effects_section(out_dir: Path, settings: Settings, inputs: Inputs, title: str, is_sample: bool) -> list[Section]:
    """Write effects.csv and effects/<fuser>/<scene>.png into the report's folder, and say what is in them.

    Args:
        out_dir: the report's folder.
        settings: of the pipeline.
        inputs: hold the stages effects/<fuser> of all analysed fusers.
        title: stands above every picture.
        is_sample: whether there is a known truth to check.

    Returns:
        One section; none where the analysis is off.
    """
    fusers = analysed_fusers(settings)
    if not fusers:
        return []
    failed = {fuser: inputs.failures[s] for fuser in fusers if (s := f"effects/{fuser}") in inputs.failures}
    folders = {fuser: inputs[f"effects/{fuser}"] for fuser in fusers if fuser not in failed}
    learned = [fuser for fuser in folders if fuser_source(settings, fuser).learned]
    rows = [ImageScores(**row) for folder in folders.values() for row in read_json(folder / ROWS)]
    write_image_rows(out_dir / "effects.csv", rows)
    means = mean_scores(rows)
    parts: list[str | Table | Picture] = [effects_table(means, failed), _TABLE_EXPLAINED]
    parts += [ordering_sentence(fuser, {name: means[name][fuser] for name in INTERVENTIONS}) for fuser in learned]
    if is_sample:
        found = {f: [ObjectEffect(*values) for values in read_json(folder / OBJECTS)] for f, folder in folders.items()}
        parts.append(truth_table(found))
    shown = spread(load_pairs(inputs["prepare"], "test"), settings["panels"])
    drawn = [fuser for fuser in learned if f"fuse/{fuser}" in inputs.folders]
    pictures = [_picture(out_dir, inputs, fuser, pair, title) for fuser in drawn for pair in shown]
    if pictures:
        parts += [_PICTURES_EXPLAINED, *pictures]
    return [Section("Effects of interventions", parts)]


def effects_table(means: Means, failed: Mapping[str, str]) -> Table:
    """Lay the means out, one line per fuser; one that failed is a line with its reason."""
    fusers = dict.fromkeys(fuser for of_intervention in means.values() for fuser in of_intervention)
    images = max((mean.n for of_intervention in means.values() for mean in of_intervention.values()), default=0)
    lines = [Line(fuser, [Cell(_interval(means[name][fuser]), False) for name in INTERVENTIONS]) for fuser in fusers]
    lines += [Line(fuser, [], f"failed: {reason}") for fuser, reason in failed.items()]
    columns = [name.replace("_", " ") for name in INTERVENTIONS]
    return Table(f"Change by interventions, mean over {images} images", "fuser", columns, lines)


def ordering_sentence(fuser: str, means: Mapping[str, Mean]) -> str:
    """Say whether the published ordering holds: dropping either camera > complementary > random holes."""
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
