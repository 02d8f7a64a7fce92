"""Find the transform between the infrared and the visible camera of a rig, from its images or from marked points."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("register")))
