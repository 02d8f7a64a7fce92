"""The stages that measure how far every fusion moves under interventions on its inputs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.rows import Experiment, FuserRow, load_pairs
from pipelines.stages import Inputs, Stage, Summary

if TYPE_CHECKING:
    from fusion.effects import EffectMaps
    from fusion.images import Pair


def effects_stages(experiment: Experiment) -> list[Stage]:
    """Return one stage for every analysed row; it measures images spread evenly over the test images.

    A stage leaves one line of effects per image; on the sample, the effects on objects that only one camera shows; and
    for a learned fuser, the maps of the scenes that the report shows.
    """
    return [_effects_stage(experiment, row) for row in experiment.analysed_rows]


def _effects_stage(experiment: Experiment, row: FuserRow) -> Stage:
    settings = experiment.settings.effects
    assert settings is not None  # of an analysed row
    scenes = experiment.settings.panels if row.learned else 0

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.effects import measure_effects
        from fusion.storage import write_json
        from pipelines.report import spread
        from pipelines.rows import (
            EFFECTS,
            OBJECTS,
            SCENES,
            ObjectEffect,
            load_known_objects,
            object_effects,
            save_scene,
            scene_effects,
        )

        pairs, fuser = load_pairs(inputs["prepare"], "test"), row.build(inputs)
        known = load_known_objects(inputs["sample"] / "data") if experiment.is_sample else {}
        objects: list[ObjectEffect] = []

        def collect(pair: Pair, maps: EffectMaps) -> None:
            objects.extend(object_effects(maps, known.get(pair.stem, [])))

        rows = measure_effects(row.name, fuser, spread(pairs, settings.images), settings.seed, collect)
        write_json(out_dir / EFFECTS, [asdict(one) for one in rows])
        write_json(out_dir / OBJECTS, objects)
        for pair in spread(pairs, scenes):
            save_scene(out_dir / SCENES / f"{pair.stem}.safetensors", scene_effects(fuser, pair, settings.seed))
        return {"images": len(rows)}

    key = {**row.key, "effects": asdict(settings), "scenes": scenes}
    needs = ("prepare", *(("sample",) if experiment.is_sample else ()), *row.needs)
    return Stage(f"effects/{row.name}", run, key, needs=needs, inputs=row.inputs, may_fail=True)
