"""Everything that a pipeline is about to do, checked once and handed on: settings, rows, data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fusion.errors import InputError, unknown_name
from pipelines.config import Chosen
from pipelines.rows.fuser_rows import SOURCES, FuserRow
from pipelines.rows.runs import RunId, run_ids
from pipelines.rows.table_rows import Row, build_rows
from pipelines.rows.unfused_rows import EarlyRow, LateRow
from pipelines.settings import Settings, resolve_settings


@dataclass(frozen=True)
class Experiment:
    """One run of a pipeline.

    Attributes:
        settings: of the pipeline.
        rows: of the table, baselines first.
        runs: the networks of a table, or what stands in for them, by row and seed; empty without a task network. A row
            of which nothing is trained has one run, for the first seed.
        root: absolute path of the data folder; None for the built-in sample.
        command: as it was typed, for the report.
    """

    settings: Settings
    rows: tuple[Row, ...]
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

        Neither the sources nor a folder of images is among them: nothing can fuse other inputs in their way; nor are
        rows without fused images.
        """
        effects = self.settings.effects
        if effects is None or not effects.images:
            return []
        return [row for row in self.fused_rows if row.name not in SOURCES and not row.folder]

    @property
    def fused_rows(self) -> list[FuserRow]:
        """The rows that have fused images, which metrics can measure."""
        return [row for row in self.rows if isinstance(row, FuserRow)]

    @property
    def folds(self) -> range:
        """The folds, 1..K; empty where the split's test pairs are tested."""
        return range(1, self.settings.data.folds + 1)

    def trainings(self, run_id: RunId) -> list[RunId]:
        """Return the trainings behind the scores of a run, or what stands in for them: one per fold, or itself."""
        return [run_id._replace(fold=fold) for fold in self.folds] or [run_id]

    @property
    def fusions(self) -> list[FuserRow]:
        """What has to be trained and fused: every row, but for every seed and fold a row that trains its network."""
        return [one for row in self.fused_rows for one in self.trained(row)]

    def trained(self, row: FuserRow) -> list[FuserRow]:
        """Return what `fusions` holds of one row."""
        trainings = [part for run_id in self.runs if run_id.fuser == row.name for part in self.trainings(run_id)]
        if row.training is None or not trainings:
            return [row]
        return [row.trained_for(str(part), part.seed, part.fold) for part in trainings]

    def fusion_of(self, run_id: RunId) -> str:
        """Return the name of the images that a run reads: one per run if the row trains its fusion network."""
        row = self.row(run_id.fuser)
        return str(run_id) if isinstance(row, FuserRow) and row.training else run_id.fuser

    def maker(self, training: RunId) -> FuserRow | EarlyRow:
        """Return what makes the images of a training: its row, or the fusion network that is trained for it."""
        row = self.row(training.fuser)
        assert isinstance(row, FuserRow | EarlyRow)  # of a training
        if isinstance(row, EarlyRow):
            return row
        return next(one for one in self.trained(row) if one.name == self.fusion_of(training))

    def can_be_stressed(self, row: Row) -> bool:
        """Tell whether all that a row shows is made here, so that it can be made of disturbed images."""
        if isinstance(row, LateRow):
            return all(self.can_be_stressed(self.row(name)) for name in row.members)
        return isinstance(row, EarlyRow) or (isinstance(row, FuserRow) and not row.folder)

    @property
    def stressed_runs(self) -> list[RunId]:
        """The runs that are tested under conditions, if there are any."""
        return [run_id for run_id in self.runs if self.can_be_stressed(self.row(run_id.fuser))]

    @property
    def stressed_fusions(self) -> list[FuserRow]:
        """The rows whose fused images are measured under conditions, if there are any."""
        return [row for row in self.fused_rows if self.can_be_stressed(row)]

    def shown_fusion(self, row: str) -> str:
        """Return the name of the fused images that stand for a row: those of the first seed."""
        return next((self.fusion_of(run_id) for run_id in self.runs if run_id.fuser == row), row)

    @property
    def network_runs(self) -> list[RunId]:
        """The runs, by fold, for which a network is trained on the images of their row."""
        return [part for run_id in self.runs if self.row(run_id.fuser).trains for part in self.trainings(run_id)]

    def members(self, row: LateRow, run_id: RunId) -> list[RunId]:
        """Return the runs that a run of a late row merges: those of its seed, or the only one, and of its fold."""
        first = {run.fuser: run.seed for run in reversed(self.runs)}
        seeds = [run_id.seed if RunId(name, run_id.seed) in self.runs else first[name] for name in row.members]
        return [RunId(name, seed, run_id.fold) for name, seed in zip(row.members, seeds, strict=True)]

    def first_training(self, row: str) -> RunId:
        """Return the training of the first seed and fold of a row, or what stands in for it."""
        return next(self.trainings(run_id)[0] for run_id in self.runs if run_id.fuser == row)

    def is_timed(self, row: Row) -> bool:
        """Tell whether all networks of a row run here, so that their time per frame can be measured."""
        return row.trains or (isinstance(row, LateRow) and all(self.row(name).trains for name in row.members))

    def row(self, name: str) -> Row:
        """Return the row of a name."""
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
    rows = build_rows(settings.fusers, settings.device, settings.task)
    names = [row.name for row in rows]
    if settings.baseline is not None and settings.baseline not in names:
        raise unknown_name("baseline", settings.baseline, names)
    runs = run_ids(names, settings.seeds) if settings.baseline is not None else []
    by_name = {row.name: row for row in rows}
    runs = [run_id for run_id in runs if run_id.seed == settings.seeds[0] or _varies(by_name[run_id.fuser], by_name)]
    return Experiment(settings, rows, tuple(runs), chosen.root, command)


def _varies(row: Row, rows: Mapping[str, Row]) -> bool:
    """Tell whether a seed changes the result of a row: it trains a network, or merges one that does."""
    return row.trains or (isinstance(row, LateRow) and any(rows[name].trains for name in row.members))
