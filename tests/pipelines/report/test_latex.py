from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow
from pipelines.report.latex import latex_tables, latex_text


def _cells(*texts: str) -> list[Cell]:
    return [Cell(text.strip("*"), text.startswith("*")) for text in texts]


def test_what_latex_would_take_for_a_command_is_escaped() -> None:
    assert latex_text(r"100 % & $5 #1 car_stop {x} ~ ^ \ <|>") == (
        r"100 \% \& \$5 \#1 car\_stop \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"\textless{}\textbar{}\textgreater{}"
    )


def test_a_line_break_ends_no_line() -> None:
    assert latex_text("out of\nmemory") == "out of memory"


def test_the_cells_are_those_of_the_markdown_table() -> None:
    lines = [TableRow("a_b", _cells(".500 ± .100", "*.7*")), TableRow("c", _cells("-", "6.4 (n=3)"))]
    text = latex_tables([Table("Results", "fuser", ["mIoU ↑", "MSE ↓"], lines)], "SAMPLE: ")
    assert r"\caption{SAMPLE: Results}" in text
    assert r"\begin{tabular}{lrr}" in text
    assert r"fuser & mIoU $\uparrow$ & MSE $\downarrow$ \\" in text
    assert r"a\_b & .500 $\pm$ .100 & \textbf{.7} \\" in text
    assert r"c & -- & 6.4 (n=3) \\" in text
    assert "resizebox" not in text


def test_rank_correlations_stand_below_a_rule_with_a_minus_sign() -> None:
    table = Table(
        "Metrics", "fuser", ["mIoU", "EN"], [TableRow("c", _cells(".5", "6"))], TableRow("rank", _cells("", "-0.40"))
    )
    assert "\\midrule\nrank &  & $-0.40$ \\\\\n\\bottomrule" in latex_tables([table])


def test_a_failed_fuser_says_why_across_all_columns() -> None:
    table = Table("Results", "fuser", ["a", "b"], [TableRow("x", [], "failed: 3 % free")])
    assert r"x & \multicolumn{2}{l}{failed: 3 \% free} \\" in latex_tables([table])


@pytest.mark.parametrize(("columns", "scaled"), [(8, False), (9, True)])
def test_a_table_wider_than_a_page_is_scaled_down(columns: int, scaled: bool) -> None:
    table = Table("Wide", "fuser", ["m"] * columns, [TableRow("x", _cells(*["1"] * columns))])
    text = latex_tables([table])
    assert (r"\resizebox{\linewidth}{!}{%" in text) is scaled
    assert text.count("{") == text.count("}")


def test_what_would_belong_to_the_line_before_is_kept_apart() -> None:
    assert latex_text("[a]*") == "{[}a]{*}"


def test_signs_that_cannot_be_printed_are_left_out() -> None:
    assert latex_text("a\x1b[1mb\x00") == "a{[}1mb"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on the PATH")
def test_a_document_with_all_kinds_of_tables_compiles(tmp_path: Path) -> None:
    odd = r"""[0] & *100 % of $5 #1 car_stop {x} ~ ^ \ <|> "naïve" ± ↑ ↓ '`"""
    lines = [
        TableRow(odd, _cells(odd, "*[.7, .8]*")),
        TableRow("*b", _cells("-", "-0.40")),
        TableRow("[c]", [], f"failed: {odd}"),
    ]
    narrow = Table(odd, odd, [odd, "MSE ↓"], lines, TableRow("[rank]", _cells("", "+0.40")))
    wide = Table("Wide", "fuser", ["m"] * 12, [TableRow("x", _cells(*["1"] * 12))])
    (tmp_path / "results.tex").write_text(latex_tables([narrow, wide], "SAMPLE: "), encoding="utf-8")
    preamble = "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n"
    (tmp_path / "paper.tex").write_text(preamble + "\\begin{document}\\input{results}\\end{document}\n")
    result = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "TEXMFVAR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-1500:]
    assert (tmp_path / "paper.pdf").exists()
