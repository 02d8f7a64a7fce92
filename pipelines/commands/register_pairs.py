"""Find the transform between the infrared and the visible camera of a rig, from its images or from marked points."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fusion import InputError, match_pairs
from fusion.images import Pair, spread_pairs
from fusion.registration import MODELS

if TYPE_CHECKING:
    from fusion.registration import Pixels, Registration

_MOST = 30
_NOTES = f"""\
The cameras must be fixed to each other, and all images of a camera of one size; the images of a pair have the same file
name apart from the suffix. Ten pairs or more are good; of more than {_MOST}, {_MOST} spread evenly are used. What one
camera shows may be up to twice what the other shows, turned by up to 10 degrees; beyond that, mark points. Beside
--out, a PNG of the same name shows one pair before and after. Use the file with --registration of the other tools, or
data.registration of a pipeline."""
_POOR, _FEW = 2.0, 3  # pixels; pairs


def main() -> None:
    """Parse the arguments, estimate, write the file and the picture, and print how well it fits."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=_NOTES)
    parser.add_argument("--infrared", type=Path, required=True, metavar="DIR", help="folder of infrared images")
    parser.add_argument("--visible", type=Path, required=True, metavar="DIR", help="folder of visible images")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the registration to write")
    parser.add_argument(
        "--model",
        choices=MODELS,
        default="affine",
        help="affine, or homography for cameras that are turned against each other; it needs images with structure up "
        "to their corners (default: %(default)s)",
    )
    parser.add_argument(
        "--points",
        type=Path,
        metavar="FILE.csv",
        help="points marked in both images, with columns infrared_x,infrared_y,visible_x,visible_y, instead of the "
        "content of the images",
    )
    arguments = parser.parse_args()
    if arguments.out.suffix.lower() != ".json":
        raise InputError(f"--out {arguments.out}: not a JSON file (expected a name that ends in .json)")
    picture = arguments.out.with_suffix(".png")
    if picture.exists() and not (picture.is_file() and arguments.out.is_file()):
        raise InputError(f"{picture}: exists, and is no picture of an earlier registration. Try: another --out")
    pairs = match_pairs(arguments.infrared, arguments.visible)
    try:
        register(pairs, arguments.model, arguments.points, arguments.out)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{arguments.out} is not written") from None


def register(pairs: Sequence[Pair], model: str, points: Path | None, out: Path) -> None:
    """Estimate the registration of a rig, and write it with its picture.

    Args:
        pairs: of the rig.
        model: "affine" or "homography".
        points: a file of marked points, or None to estimate from the images.
        out: the JSON file to write.

    Raises:
        InputError: as `estimate_transform` and `fit_points`.
    """
    from tqdm import tqdm

    from fusion.registration import collect, draw_registration, estimate_transform, fit_points
    from fusion.storage import write_bytes
    from pipelines.stages import current_provenance

    chosen = spread_pairs(pairs, _MOST)
    with tqdm(chosen[:1] if points else chosen, desc="read", unit="pair", leave=False) as read:
        rig = collect((pair.stem, *pair.read_luma()) for pair in read)
    sizes = rig.infrared_size, rig.visible_size
    found = fit_points(points, model, *sizes) if points else estimate_transform(rig, model)
    shown = 0 if points else int(found.correlations.argmax())
    made = current_provenance()
    registration = found.registration(model, *sizes, made.date, made.commit)
    picture = encode(draw_registration(registration, *chosen[shown].read_luma()))
    write_bytes(out.with_suffix(".png"), picture)
    registration.save(out)
    print(describe(registration, "points" if points else "pairs"))
    print(f"{out}, {out.with_suffix('.png')}")


def encode(picture: Pixels) -> bytes:
    """Encode a (H, W, 3) uint8 BGR picture as PNG."""
    import cv2

    return bytes(cv2.imencode(".png", picture)[1])


def describe(registration: Registration, unit: str) -> str:
    """Say in a few lines what a registration does and how well it fits."""
    left, top, width, height = registration.frame
    whole = "x".join(map(str, registration.visible_size))
    lines = [
        f"{registration.model} from {registration.used} of {registration.given} {unit}",
        f"frame: {width}x{height} pixels from ({left}, {top}) of the visible {whole}",
    ]
    if registration.used < _FEW and unit == "pairs":
        lines.append(
            f"warning: few pairs agree (found {registration.used}, expected {_FEW} or more); look at the picture"
        )
    if registration.residual_median is None or registration.residual_95 is None:
        return "\n".join([*lines, "residual: unknown, there is too little to compare; look at the picture"])
    lines.append(f"residual: median {registration.residual_median:.1f}, 95 % {registration.residual_95:.1f} pixels")
    if registration.residual_95 > _POOR:
        lines.append(
            "warning: no single transform fits every place: parallax between near and far objects, or lens distortion; "
            "look at the picture"
        )
    return "\n".join(lines)
