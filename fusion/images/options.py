"""The options of the command line that decide how pairs are read. Importing this module loads no library."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fusion.command_line import parse_override
from fusion.images.ranges import DATASET, InfraredRange, require_range

if TYPE_CHECKING:
    from fusion.registration import Registration


class ReadingOptions(NamedTuple):
    """How pairs are read, as `match_pairs` takes it: `match_pairs(infrared_dir, visible_dir, *options)`."""

    infrared_range: InfraredRange
    registration: Registration | None


def add_reading_options(parser: ArgumentParser) -> None:
    """Add --infrared-range and --registration, which `reading_options` reads."""
    parser.add_argument(
        "--infrared-range",
        default=DATASET,
        metavar="RANGE",
        help="levels of 16-bit and float infrared that become black and white: dataset (one range for all images, "
        "without outliers), percentile (of each image), image (its minimum and maximum), or LOW,HIGH (default: "
        "%(default)s)",
    )
    parser.add_argument(
        "--registration",
        type=Path,
        metavar="FILE",
        help="the transform between two cameras that see differently, from tools/register_pairs.py: infrared is warped "
        "and visible is cropped to what both show, and their sizes may differ (default: pairs are registered)",
    )


def reading_options(arguments: Namespace) -> ReadingOptions:
    """Parse the options of `add_reading_options`.

    Raises:
        InputError: the range is none, or the file is no registration.

    Example:
        >>> reading_options(Namespace(infrared_range="7000,9000", registration=None))
        ReadingOptions(infrared_range=(7000.0, 9000.0), registration=None)
    """
    levels = require_range(parse_override(f"--infrared-range={arguments.infrared_range}")[1], "--infrared-range")
    if arguments.registration is None:
        return ReadingOptions(levels, None)
    from fusion.registration import load_registration

    return ReadingOptions(levels, load_registration(arguments.registration))
