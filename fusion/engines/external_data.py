"""The files in which a model stores its weights outside itself, found without an engine."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

_CHILDREN = {  # messages of onnx.proto that lead to tensors: their fields by number, and what these hold
    "model": {7: "graph", 25: "function"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {
        **dict.fromkeys((5, 10), "tensor"),
        **dict.fromkeys((6, 11), "graph"),
        **dict.fromkeys((22, 23), "sparse tensor"),
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external data"},
}
_KEY, _VALUE = 1, 2  # fields of an entry of external data
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5  # wire types of protocol buffers


def weight_files(model: Path) -> list[Path]:
    """List the files beside a model that hold its weights, whether or not they exist, each once and sorted.

    Args:
        model: an ONNX file, which names them if it has any; or OpenVINO's `.xml`, whose weights are in the `.bin`.

    Returns:
        An empty list for an ONNX file that cannot be read.

    Source: onnx.proto and external_data_helper of the onnx package.
    """
    if model.suffix == ".xml":
        return [model.with_suffix(".bin")]
    try:
        with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return sorted({model.parent / name for name in _locations(content, "model", 0, len(content))})
    except (OSError, ValueError, IndexError, RecursionError):  # no model, which the engine reports
        return []


def _locations(content: mmap.mmap, message: str, start: int, end: int) -> Iterator[str]:
    """Yield the files named by the tensors of a message, which lies from `start` to `end`."""
    for number, first, last in _fields(content, start, end):
        if (child := _CHILDREN[message].get(number)) == "external data":
            entry = {key: content[one:other].decode() for key, one, other in _fields(content, first, last)}
            if entry.get(_KEY) == "location":
                yield entry[_VALUE]
        elif child:
            yield from _locations(content, child, first, last)


def _fields(content: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of the fields of a message that are texts or messages themselves."""
    while start < end:
        tag, start = _varint(content, start)
        kind = tag & 7
        if kind == _SIZED:
            size, start = _varint(content, start)
            if start + size > end:
                raise ValueError("a field is longer than its message")
            yield tag >> 3, start, start + size
            start += size
        elif kind == _VARINT:
            _, start = _varint(content, start)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            start += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"unknown wire type {kind}")


def _varint(content: mmap.mmap, start: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, lowest first; return it and the place behind it."""
    value = shift = 0
    while (byte := content[start]) >= 128:
        value |= (byte & 127) << shift
        start, shift = start + 1, shift + 7
    return value | byte << shift, start + 1
