"""Check that a fuser keeps what every fuser promises: size, type, range, determinism, batches."""

from __future__ import annotations

import argparse
import sys

from fusion import build_fuser, list_fusers
from fusion.command_line import exit_code, parse_override
from fusion.fusers import broken_promises


def main() -> int:
    """Parse, check, print; 0 if all promises are kept, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=f"path/to/file.py:ClassName, or one of: {', '.join(list_fusers())}")
    parser.add_argument("options", nargs="*", metavar="key=value", help="an option of the fuser, such as levels=3")
    arguments = parser.parse_args()
    broken = broken_promises(build_fuser(arguments.name, **dict(map(parse_override, arguments.options))))
    if broken:
        print(f"{arguments.name} breaks its promises:", *broken, sep="\n  ")
        return 1
    print(f"{arguments.name} keeps its promises")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
