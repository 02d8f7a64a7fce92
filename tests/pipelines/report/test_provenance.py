from __future__ import annotations

import json
from pathlib import Path

from pipelines.report.provenance import provenance_facts, provenance_tables
from pipelines.stages.provenance import Provenance, current_provenance, load_provenance

OLD = Provenance("2026-01-02", "aaaaaaa", "one, 2 cores, no GPU", {"Python": "3.11", "torch": "2.0"}, 61.0)
NEW = Provenance("2026-01-04", "bbbbbbb", "one, 2 cores, no GPU", {"Python": "3.11", "torch": "2.1"}, 5.0)


def test_where_all_is_from_one_place_there_are_facts_and_no_table() -> None:
    made = {"average": [OLD, OLD], "this report": [OLD._replace(seconds=None)]}
    assert provenance_tables(made) == []
    assert dict(provenance_facts(made)) == {
        "date": "2026-01-02",
        "commit": "aaaaaaa",
        "machine": "one, 2 cores, no GPU",
        "versions": "Python 3.11, torch 2.0",
    }


def test_rows_that_differ_are_told_apart() -> None:
    made = {"average": [OLD], "isfuse": [OLD, NEW], "this report": [NEW]}
    facts = dict(provenance_facts(made))
    assert facts["date"] == "2026-01-02 to 2026-01-04"
    assert facts["commit"] == "aaaaaaa and bbbbbbb"
    assert facts["versions"] == "Python 3.11, torch 2.0 and 2.1"
    page = provenance_tables(made)[0].markdown()
    assert "| average | 2026-01-02 | aaaaaaa | one, 2 cores, no GPU | torch 2.0 | 61 |" in page
    assert "| isfuse | 2026-01-02 to 2026-01-04 | aaaaaaa and bbbbbbb |" in page
    assert "| torch 2.0 and 2.1 | 66 |" in page


def test_a_record_without_provenance_is_of_an_unknown_commit(tmp_path: Path) -> None:
    (tmp_path / "stage.json").write_text(json.dumps({"key": "", "run": "", "seconds": 2.5, "summary": {}}))
    assert load_provenance(tmp_path) == Provenance("unknown", "unknown", "unknown", {}, 2.5)


def test_this_process_is_described() -> None:
    made = current_provenance()
    assert made.versions.keys() >= {"Python", "torch", "numpy"}
    assert "cores" in made.machine
    assert made.seconds is None
