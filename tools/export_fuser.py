"""Export a learned fuser to a file for other engines, and check the file against the network."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("export")))
