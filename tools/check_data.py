"""Describe a data folder and check whether a pipeline can use it: counts, sizes, classes, faults, leakage."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("check-data")))
