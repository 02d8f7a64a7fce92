"""Run a pipeline: `python tools/run_pipeline.py m3fd_detect`."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("run")))
