"""The stage that measures what interventions do to one fuser."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from fusion.effects import EffectMaps, measure_effects
from fusion.errors import InputError
from fusion.images import Pair
from fusion.storage import write_json
from pipelines.config import Settings
from pipelines.report import spread
from pipelines.rows import (
    SOURCES,
    ObjectEffect,
    fuser_names,
    fuser_source,
    load_known_objects,
    load_pairs,
    object_effects,
    save_scene,
    scene_effects,
)
from pipelines.stages import Inputs, Stage, Summary

ROWS, OBJECTS, SCENES = "effects.json", "objects.json", "scenes"


def analysed_fusers(settings: Settings) -> list[str]:
    """List the fusers whose effects are measured: every fusion of the table, or none where the analysis is off.

    A folder of images has none to measure, for nothing can fuse other inputs in its way.
    """
    fusions = [row for row in fuser_names(settings) if row not in SOURCES and not fuser_source(settings, row).folder]
    return fusions if settings["effects"]["images"] else []


def effects_stage(settings: Settings, fuser: str, is_sample: bool) -> Stage:
    """Give the stage that measures one fuser on images spread evenly over the test images.

    It leaves behind one row per image; on the sample, the effects on what one camera alone shows; and for a learned
    fuser, the maps of the scenes that the report shows.

    Raises:
        InputError: a negative number of images.
    """
    source, count, seed = fuser_source(settings, fuser), settings["effects"]["images"], settings["effects"]["seed"]
    scenes = settings["panels"] if source.learned else 0
    if count < 0:
        raise InputError(f"effects.images={count}; expected 0 (no analysis) or more")

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs, built = load_pairs(inputs["prepare"], "test"), source.build(inputs)
        known = load_known_objects(inputs["sample"] / "data") if is_sample else {}
        objects: list[ObjectEffect] = []

        def look(pair: Pair, maps: EffectMaps) -> None:
            objects.extend(object_effects(maps, known.get(pair.stem, [])))

        rows = measure_effects(fuser, built, spread(pairs, count), seed, look)
        write_json(out_dir / ROWS, [asdict(row) for row in rows])
        write_json(out_dir / OBJECTS, objects)
        for pair in spread(pairs, scenes):
            save_scene(out_dir / SCENES / f"{pair.stem}.safetensors", scene_effects(built, pair, seed))
        return {"images": len(rows)}

    decisive = {**source.decisive, "effects": settings["effects"], "scenes": scenes}
    needs = ("prepare", *(("sample",) if is_sample else ()), *source.needs)
    return Stage(f"effects/{fuser}", run, decisive, needs=needs, inputs=source.inputs, may_fail=True)
