"""Measure fused images, or fusers, against their infrared and visible sources with the metrics of image fusion."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("score")))
