"""Fuse two folders of images, two videos or two cameras; the same as `python -m fusion`."""

import sys

from fusion.__main__ import main
from fusion.command_line import exit_code

if __name__ == "__main__":
    sys.exit(exit_code(main))
