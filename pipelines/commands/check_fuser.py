"""Check a fuser against the contract: image size, type, range, determinism, batches."""

from __future__ import annotations

import argparse

from fusion import list_fusers
from fusion.command_line import parse_override
from fusion.fusers import require_options


def main() -> int:
    """Parse the arguments, check the fuser, print the violations; return 0 if there are none, otherwise 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=f"path/to/file.py:ClassName, or one of: {', '.join(list_fusers())}")
    parser.add_argument("options", nargs="*", metavar="key=value", help="an option of the fuser, such as levels=3")
    arguments = parser.parse_args()
    options = dict(map(parse_override, arguments.options))
    require_options(arguments.name, options)  # before torch is imported

    from fusion import build_fuser
    from fusion.fusers import contract_violations

    violations = contract_violations(build_fuser(arguments.name, **options))
    if violations:
        print(f"{arguments.name} violates the contract:", *violations, sep="\n  ")
        return 1
    print(f"{arguments.name} keeps the contract")
    return 0
