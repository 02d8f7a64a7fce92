"""Train the fusion network on folders of image pairs, or on a labelled data set for a detector or a segmenter."""

import sys

from fusion.command_line import exit_code
from pipelines.commands import command

if __name__ == "__main__":
    sys.exit(exit_code(command("train")))
