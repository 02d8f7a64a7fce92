"""Measure speed and memory, as ratios within one run."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("benchmark")))
