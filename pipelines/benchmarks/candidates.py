"""The candidates of a benchmark: fusers in several forms, how each form is built, and the exported files."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fusion import build_fuser
from fusion.errors import InputError
from fusion.fusers import SHIPPED, Fuser, fuser_class, weights_file
from fusion.images import Pair

if TYPE_CHECKING:
    from torch import Tensor

    from pipelines.benchmarks.plain_isfuse import PlainISFuse

    Fuse = Callable[[Tensor, Tensor], Tensor]

PLAIN = "plain"  # the row of `PlainISFuse`, a direct implementation of the paper
PLAIN_OF = "isfuse"
PYTORCH, COMPILED = "pytorch", "torch.compile"
TORCH_BACKENDS = (PYTORCH, COMPILED)
FLOAT32, BFLOAT16 = "float32", "bfloat16"
_NO_PAIRS = "left out: int8 needs calibration pairs. Try: --infrared DIR --visible DIR"


@dataclass(frozen=True)
class Candidate:
    """A fuser in one form, which is one row of the table.

    Args:
        name: of the row.
        fuser: any name that `build_fuser` accepts.
        backend: the engine that runs it.
        precision: of its convolutions.
        device: any name that torch accepts.
        options: of the fuser "onnx", for exported forms.
        left_out: why it cannot be measured; empty if it can.
    """

    name: str
    fuser: str
    backend: str = PYTORCH
    precision: str = FLOAT32
    device: str = "cpu"
    options: dict[str, Any] | None = None
    left_out: str = ""

    @property
    def reference(self) -> str:
        """The form whose work and size this candidate has: the fuser itself, or the plain network."""
        return PLAIN if self.name == PLAIN else self.fuser


class _Export(NamedTuple):
    """An exported form: the engine, the file format, the precision of the file, and that of the computation."""

    backend: str
    to: Literal["onnx", "openvino"]
    stored: Literal["float32", "half", "int8"]
    computed: str = FLOAT32

    @property
    def precision(self) -> str:
        """The precision shown in the table: that of the computation unless it is float32."""
        return self.stored if self.computed == FLOAT32 else self.computed


_EXPORTS = (
    _Export("onnxruntime", "onnx", "float32"),
    _Export("onnxruntime", "onnx", "half"),
    _Export("onnxruntime", "onnx", "int8"),
    _Export("openvino", "openvino", "float32"),
    _Export("openvino", "openvino", "half", BFLOAT16),
    _Export("openvino", "openvino", "int8"),
)
EXPORT_BACKENDS = tuple(dict.fromkeys(form.backend for form in _EXPORTS))


def torch_candidates(fuser: str, backends: Sequence[str], device: str) -> Iterator[Candidate]:
    """List the forms of a fuser that torch runs.

    A network also has bfloat16 and compiled forms; the plain form of the paper comes first.

    Example:
        >>> [candidate.name for candidate in torch_candidates("isfuse", ["pytorch"], "cpu")]
        ['plain', 'isfuse', 'isfuse bfloat16']
    """
    if fuser == PLAIN_OF:
        yield Candidate(PLAIN, fuser, device=device)
    if PYTORCH in backends:
        yield Candidate(fuser, fuser, device=device)
    if PYTORCH in backends and is_network(fuser):
        yield Candidate(f"{fuser} {BFLOAT16}", fuser, PYTORCH, BFLOAT16, device)
    if COMPILED in backends and is_network(fuser):
        yield Candidate(f"{fuser} compiled", fuser, COMPILED, FLOAT32, device)
        yield Candidate(f"{fuser} compiled {BFLOAT16}", fuser, COMPILED, BFLOAT16, device)


def exported_candidates(
    fuser: str, backends: Sequence[str], folder: Path, calibration: Sequence[Pair]
) -> Iterator[Candidate]:
    """Export a network in every form that these backends run, on the CPU; other fusers have no exported form.

    Args:
        fuser: any name that `build_fuser` accepts.
        backends: of `EXPORT_BACKENDS`; others are ignored.
        folder: where the files are written.
        calibration: pairs for int8; without pairs, the int8 forms are left out.
    """
    from tqdm import tqdm

    from fusion.export import export_fuser

    forms = [form for form in _EXPORTS if form.backend in backends and is_network(fuser)]
    for form in tqdm(forms, desc=f"export {fuser}", leave=False, disable=not forms):
        path = folder / f"{fuser}-{form.stored}.{'xml' if form.to == 'openvino' else 'onnx'}"
        reason = _NO_PAIRS if form.stored == "int8" and not calibration else ""
        if not reason:
            try:
                export_fuser(fuser, form.to, path, form.stored, calibration=calibration)
            except InputError as error:
                reason = str(error)  # for example a missing package
        options = {"model": path, "backend": form.backend, "precision": form.computed}
        name = f"{fuser} {form.backend} {form.precision}"
        yield Candidate(name, fuser, form.backend, form.precision, options=options, left_out=reason)


def is_network(fuser: str) -> bool:
    """Return whether a fuser is one of our trained networks, which can be exported and whose work can be counted."""
    return fuser_class(fuser).learned and "weights" in inspect.signature(fuser_class(fuser)).parameters


def build(candidate: Candidate) -> Fuse:
    """Build the function that fuses (B, 1, H, W) luma in [0, 1] on the device of the candidate.

    A fuser that takes RGB sees the luma as a grey image.
    """
    import torch

    subject = build_subject(candidate)
    fuse = subject.fuse
    if getattr(subject, "sees_colour", False):

        def fuse(infrared: Tensor, visible: Tensor) -> Tensor:
            return subject.fuse(infrared, visible.expand(-1, 3, -1, -1))

    if candidate.backend == COMPILED:
        fuse = torch.compile(fuse)
    if candidate.options is not None or candidate.precision != BFLOAT16:
        return fuse

    def fuse_in_bfloat16(infrared: Tensor, visible: Tensor) -> Tensor:
        with torch.autocast(candidate.device, torch.bfloat16):
            return fuse(infrared, visible).float()

    return fuse_in_bfloat16


def build_subject(candidate: Candidate) -> Fuser | PlainISFuse:
    """Build the fuser of a candidate, before it is compiled or its precision is reduced."""
    if candidate.options is not None:
        return build_fuser("onnx", **candidate.options)
    if candidate.name == PLAIN:
        from fusion.networks import load_network
        from pipelines.benchmarks.plain_isfuse import PlainISFuse

        return PlainISFuse(load_network(weights_file(PLAIN_OF, SHIPPED))[0].to(candidate.device))
    return build_fuser(candidate.fuser, **({"device": candidate.device} if is_network(candidate.fuser) else {}))
