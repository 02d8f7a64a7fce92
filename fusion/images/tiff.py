"""The tags of a TIFF that OpenCV leaves to its caller: how many bits a value has, and whether the lowest is white."""

from __future__ import annotations

import struct
from typing import BinaryIO

_BITS, _PHOTOMETRIC = 258, 262
_WHITE_IS_ZERO = 0
_SIZES = {3: "H", 4: "I", 16: "Q"}  # field types that hold counts: SHORT, LONG, LONG8


def has_white_zero(file: BinaryIO) -> bool:
    """Tell whether the first page of a TIFF is WhiteIsZero: its lowest value is white, so that all are to be inverted.

    Returns:
        False for files that are no TIFF.
    """
    return _tags(file).get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def bits_per_value(file: BinaryIO) -> int:
    """Read the bits of one value on the first page of a TIFF; 1 where the tag is missing, 0 if it is no TIFF."""
    tags = _tags(file)
    return tags.get(_BITS, 1) if tags else 0


def _tags(file: BinaryIO) -> dict[int, int]:
    """Read the first value of every tag of counts on the first page; none from a file that is no TIFF."""
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    try:
        if not order or (version := struct.unpack_from(f"{order}H", head, 2)[0]) not in (42, 43):
            return {}
        number, width = ("Q", 8) if version == 43 else ("I", 4)  # 43: BigTIFF
        count_kind = "Q" if version == 43 else "H"
        file.seek(struct.unpack_from(order + number, head, width)[0])
        (count,) = struct.unpack(order + count_kind, file.read(struct.calcsize(order + count_kind)))
        entry = 4 + 2 * width
        table = file.read(entry * min(count, 4096))
        found = {}
        for start in range(0, len(table), entry):
            tag, kind = struct.unpack_from(f"{order}HH", table, start)
            values = struct.unpack_from(order + number, table, start + 4)[0]
            if kind not in _SIZES:
                continue
            size = struct.calcsize(order + _SIZES[kind])
            place = start + 4 + width
            if values * size <= width:
                found[tag] = struct.unpack_from(order + _SIZES[kind], table, place)[0]
            else:
                file.seek(struct.unpack_from(order + number, table, place)[0])
                found[tag] = struct.unpack(order + _SIZES[kind], file.read(size))[0]
    except (struct.error, OSError, OverflowError, ValueError):  # cut off; OpenCV then cannot decode it either
        return {}
    return found
