"""The exported forms of a network as candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tqdm import tqdm

from fusion import Pair
from fusion.errors import InputError
from fusion.export import export_fuser
from pipelines.benchmarks.candidates import BFLOAT16, FLOAT32, Candidate, is_network

_NO_PAIRS = "left out: int8 needs pairs to calibrate on, --infrared DIR --visible DIR"


class _Form(NamedTuple):
    """A backend, the file it runs, the precision stored there, and the one it computes in."""

    backend: str
    to: Literal["onnx", "openvino"]
    stored: Literal["float32", "half", "int8"]
    computed: str = FLOAT32

    @property
    def precision(self) -> str:
        """Name it as a row does: what is computed, or what is stored where that says more."""
        return self.stored if self.computed == FLOAT32 else self.computed


_FORMS = (
    _Form("onnxruntime", "onnx", "float32"),
    _Form("onnxruntime", "onnx", "half"),
    _Form("onnxruntime", "onnx", "int8"),
    _Form("openvino", "openvino", "float32"),
    _Form("openvino", "openvino", "half", BFLOAT16),
    _Form("openvino", "openvino", "int8"),
)
EXPORT_BACKENDS = tuple(dict.fromkeys(form.backend for form in _FORMS))


def exported_candidates(
    fuser: str, backends: Sequence[str], folder: Path, calibration: Sequence[Pair]
) -> Iterator[Candidate]:
    """Export a network in every form that these backends run, on the CPU; of another fuser there is none.

    Args:
        fuser: as `build_fuser` takes it.
        backends: of `EXPORT_BACKENDS`; others are passed over.
        folder: gets the files.
        calibration: pairs for int8; without any, those forms are left out.
    """
    forms = [form for form in _FORMS if form.backend in backends and is_network(fuser)]
    for form in tqdm(forms, desc=f"export {fuser}", leave=False, disable=not forms):
        path = folder / f"{fuser}-{form.stored}.{'xml' if form.to == 'openvino' else 'onnx'}"
        reason = _NO_PAIRS if form.stored == "int8" and not calibration else ""
        if not reason:
            try:
                export_fuser(fuser, form.to, path, form.stored, calibration=calibration)
            except InputError as error:
                reason = str(error)  # such as a package that is missing
        options = {"model": path, "backend": form.backend, "precision": form.computed}
        name = f"{fuser} {form.backend} {form.precision}"
        yield Candidate(name, fuser, form.backend, form.precision, options=options, left_out=reason)
