"""Measure how much a fused image changes under interventions on its inputs: holes, or a missing camera.

Importing this module does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tqdm import tqdm

from fusion.errors import InputError, naming
from fusion.fusers import Fuser, fuse_checked
from fusion.images import Pair
from fusion.interventions import INTERVENTIONS
from fusion.scoring import ImageScores
from fusion.seeds import generator_for
from fusion.stress import Condition

if TYPE_CHECKING:
    import torch
    from torch import Tensor

EffectMaps = dict[str, "Tensor"]  # intervention -> (1, H, W), absolute change of the fused luma per pixel, in [0, 1]


def effect_maps(fuser: Fuser, infrared: Tensor, visible: Tensor, generator: torch.Generator) -> EffectMaps:
    """Compute for every pixel of one pair how much the fused luma changes under each intervention, |F_do(p) - F|.

    Args:
        fuser: runs once on the unchanged pair and once for each intervention.
        infrared: (1, H, W) luma in [0, 1]; H, W >= 16, the side of a hole.
        visible: likewise, or (3, H, W) RGB.
        generator: a CPU generator; draws the holes of "complementary" and "random" as in training.

    Returns:
        One (1, H, W) map in [0, 1] for each of `INTERVENTIONS`. "without_visible" is the effect of an all-zero visible
        image.

    Raises:
        ValueError: a side is shorter than a hole.
        FuserError: as `fuse_checked`.

    Source: ISFuse, arXiv 2603.23272, average treatment effect (ATE); the mean of a map over its pixels is the
    contribution of one image to it.

    Example:
        >>> import torch
        >>> from fusion import build_fuser
        >>> white = torch.ones(1, 32, 32)
        >>> maps = effect_maps(build_fuser("average"), white, white, torch.Generator().manual_seed(0))
        >>> {name: float(effect.max()) for name, effect in maps.items()}
        {'complementary': 0.5, 'random': 1.0, 'without_visible': 0.5, 'without_infrared': 0.5}
    """
    import torch

    with torch.inference_mode():
        fused = _fused_luma(fuser, infrared, visible)
        return {
            name: (_fused_luma(fuser, *Condition(name, 1).apply(infrared, visible, generator)) - fused).abs()
            for name in INTERVENTIONS
        }


def _fused_luma(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Tensor:
    from fusion.images import luma

    fused = fuse_checked(fuser, infrared[None], visible[None])[0]
    return luma(fused) if fused.shape[0] == 3 else fused


def pair_effects(fuser: Fuser, pair: Pair, seed: int) -> EffectMaps:
    """Read one pair and compute its effect maps; the holes depend on `seed` and the stem of the pair only.

    Raises:
        InputError: an image cannot be read or is smaller than a hole, or the two sizes differ.
        FuserError: the fuser fails on the pair, which the message names.
    """
    infrared, visible = pair.read()
    try:
        with naming(f"image {pair.stem}"):
            return effect_maps(fuser, infrared, visible, generator_for(seed, "effects", pair.stem))
    except ValueError as error:
        raise InputError(f"{pair.infrared}: {error}") from error


def measure_effects(
    method: str,
    fuser: Fuser,
    pairs: Sequence[Pair],
    seed: int = 0,
    look: Callable[[Pair, EffectMaps], object] | None = None,
) -> list[ImageScores]:
    """Measure the mean effect of each intervention on every pair; `fusion.scoring.mean_scores` averages them to ATEs.

    Args:
        method: name of the fuser in the results.
        fuser: from `build_fuser`.
        pairs: from `match_pairs`; the values of one pair do not depend on the others.
        seed: of the holes.
        look: called with every pair and its maps, which are too large to be kept for all pairs.

    Returns:
        One element per pair, in the order of `pairs`; its values are means over pixels of luma in [0, 1].

    Raises:
        InputError, FuserError: as `pair_effects`.
    """
    rows = []
    for pair in tqdm(pairs, desc=f"effects {method}", unit="image"):
        maps = pair_effects(fuser, pair, seed)
        rows.append(ImageScores(method, pair.stem, {name: float(effect.mean()) for name, effect in maps.items()}))
        if look:
            look(pair, maps)
    return rows
