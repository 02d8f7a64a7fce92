"""Everything that a pipeline is about to do, checked once and handed on: settings, rows, data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fusion.errors import InputError, unknown_name
from pipelines.config import Chosen
from pipelines.rows.fuser_rows import SOURCES, FuserRow, build_rows
from pipelines.rows.runs import RunId, run_ids
from pipelines.settings import Settings, resolve_settings


@dataclass(frozen=True)
class Experiment:
    """One run of a pipeline.

    Attributes:
        settings: of the pipeline.
        rows: of the table, baselines first.
        runs: the trainings of a detector or segmenter; empty without a task network.
        root: absolute path of the data folder; None for the built-in sample.
        command: as it was typed, for the report.
    """

    settings: Settings
    rows: tuple[FuserRow, ...]
    runs: tuple[RunId, ...]
    root: Path | None
    command: str

    @property
    def is_sample(self) -> bool:
        """Whether the data is the built-in sample."""
        return self.root is None

    @property
    def row_names(self) -> list[str]:
        """Names of the rows, in the order of the table."""
        return [row.name for row in self.rows]

    @property
    def analysed_rows(self) -> list[FuserRow]:
        """The rows whose response to interventions is measured; none where the analysis is off.

        Neither the sources nor a folder of images is among them: nothing can fuse other inputs in their way.
        """
        effects = self.settings.effects
        if effects is None or not effects.images:
            return []
        return [row for row in self.rows if row.name not in SOURCES and not row.folder]

    @property
    def folds(self) -> range:
        """The folds, 1..K; empty where the split's test pairs are tested."""
        return range(1, self.settings.data.folds + 1)

    def trainings(self, run_id: RunId) -> list[RunId]:
        """Return the trainings behind the scores of a run: one per fold, or itself."""
        return [run_id._replace(fold=fold) for fold in self.folds] or [run_id]

    @property
    def fusions(self) -> list[FuserRow]:
        """What has to be trained and fused: every row, but for every seed and fold a row that trains its network."""
        return [one for row in self.rows for one in self.trained(row.name)]

    def trained(self, row: str) -> list[FuserRow]:
        """Return what `fusions` holds of one row."""
        found = self._row(row)
        trainings = [part for run_id in self.runs if run_id.fuser == row for part in self.trainings(run_id)]
        if found.training is None or not trainings:
            return [found]
        return [found.trained_for(str(part), part.seed, part.fold) for part in trainings]

    def fusion_of(self, run_id: RunId) -> str:
        """Return the name of the fused images that a run reads: one per run if the row trains its network."""
        return str(run_id) if self._row(run_id.fuser).training else run_id.fuser

    def shown_fusion(self, row: str) -> str:
        """Return the name of the fused images that stand for a row: those of the first seed."""
        return next((self.fusion_of(run_id) for run_id in self.runs if run_id.fuser == row), row)

    def _row(self, name: str) -> FuserRow:
        return next(row for row in self.rows if row.name == name)


def build_experiment(chosen: Chosen, command: str) -> Experiment:
    """Check the settings of a pipeline and build the rows of its table.

    Args:
        chosen: settings and data.
        command: as it was typed.

    Raises:
        InputError: any setting that no stage could run with.
    """
    settings = resolve_settings(chosen.settings)
    if chosen.root is None and settings.data.registration:
        found = f"data.registration={settings.data.registration}"
        raise InputError(f"{found}: not for the built-in sample, whose cameras see the same. Try: --data DIR")
    rows = build_rows(settings.fusers, settings.device)
    names = [row.name for row in rows]
    if settings.baseline is not None and settings.baseline not in names:
        raise unknown_name("baseline", settings.baseline, names)
    runs = run_ids(names, settings.seeds) if settings.baseline is not None else []
    return Experiment(settings, rows, tuple(runs), chosen.root, command)
