"""Exit codes and settings of the command line."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from fusion.command_line import exit_code, parse_override
from fusion.errors import InputError


def interrupted(*message: str) -> None:
    raise KeyboardInterrupt(*message)


@pytest.mark.parametrize(
    ("message", "said"),
    [((), "run the same command to continue"), (("nothing was written",), "nothing was written")],
)
def test_ctrl_c_returns_130_and_prints_how_to_continue(
    capsys: pytest.CaptureFixture[str], message: tuple[str, ...], said: str
) -> None:
    assert exit_code(lambda: interrupted(*message)) == 130
    assert capsys.readouterr().err == f"\nstopped; {said}\n"


def test_a_diverged_training_returns_1_and_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def diverges() -> None:
        raise FloatingPointError("training diverged at step 3")

    assert exit_code(diverges) == 1
    assert capsys.readouterr().err == "failed: training diverged at step 3. Try: a lower learning rate\n"


def test_a_closed_pipe_leaves_no_traceback(subprocess_environment: dict[str, str]) -> None:
    tool = "import sys; from fusion.command_line import exit_code; sys.exit(exit_code(lambda: print('line' * 99999)))"
    process = subprocess.Popen(
        [sys.executable, "-c", tool], env=subprocess_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("a.b=3", 3),
        ("a.b=3e-4", 3e-4),
        ("a.b=True", True),
        ("a.b=None", None),
        ("a.b=word", "word"),
        ("a.b=", ""),
        ("a.b=x=y", "x=y"),
        ("a.b=/some/file.pt", "/some/file.pt"),
        ("a.b={'x': 1}", {"x": 1}),
        ("a.b=0,1", [0, 1]),
    ],
)
def test_a_value_is_a_literal_or_a_word(argument: str, value: Any) -> None:
    assert parse_override(argument) == ("a.b", value)


@pytest.mark.parametrize("argument", ["detector.epochs", "=3", ""])
def test_an_argument_without_key_or_value_is_refused(argument: str) -> None:
    with pytest.raises(InputError, match=r": not of the form key\.sub=value$"):
        parse_override(argument)


def test_an_invalid_literal_is_a_word() -> None:
    assert parse_override("data.name={[]:1}") == ("data.name", "{[]:1}")
