"""How far a fused image moves when its inputs are intervened upon: holes in them, or a missing camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from tqdm import tqdm

from fusion.errors import InputError
from fusion.fusers import Fuser
from fusion.images import Pair, luma
from fusion.interventions import complementary_masks, random_masks
from fusion.scoring import ImageScores
from fusion.seeds import generator_for

INTERVENTIONS = ("complementary", "random", "without_visible", "without_infrared")
EffectMaps = dict[str, Tensor]  # intervention -> (1, H, W), how far each pixel of the fused luma moved, in [0, 1]


@torch.inference_mode()
def effect_maps(fuser: Fuser, infrared: Tensor, visible: Tensor, generator: torch.Generator) -> EffectMaps:
    """Tell for every pixel of one pair how far fused luma moves under each intervention, |F_do(p) - F|.

    Args:
        fuser: any; it is asked once for the pair as it is and once for each intervention.
        infrared: (1, H, W) luma in [0, 1]; H, W >= 16, the size of a hole.
        visible: likewise.
        generator: draws the holes of "complementary" and "random", as training draws them.

    Returns:
        One map for each of `INTERVENTIONS`; "without_visible" is the effect of a visible image that is all 0.

    Raises:
        ValueError: a side is shorter than a hole.

    Source: ISFuse, arXiv 2603.23272, average treatment effect (ATE); its mean over pixels is one image's share of it.
    """
    _, height, width = infrared.shape
    complementary = complementary_masks(1, height, width, generator)
    random = random_masks(1, height, width, generator)
    infrared, visible = infrared[None], visible[None]  # (1, 1, H, W)
    black = torch.zeros_like(infrared)
    intervened = (
        (infrared * complementary.infrared, visible * complementary.visible),
        (infrared * random.infrared, visible * random.visible),
        (infrared, black),
        (black, visible),
    )
    fused = fuser.fuse(infrared, visible)
    return {name: (fuser.fuse(*pair) - fused)[0].abs() for name, pair in zip(INTERVENTIONS, intervened, strict=True)}


def pair_effects(fuser: Fuser, pair: Pair, seed: int) -> EffectMaps:
    """Read one pair and give its effect maps; the holes follow from `seed` and the pair's stem alone.

    Raises:
        InputError: an image cannot be read, is smaller than a hole, or the two differ in size.
    """
    infrared, visible = pair.read()
    try:
        return effect_maps(fuser, infrared, luma(visible), generator_for(seed, "effects", pair.stem))
    except ValueError as error:
        raise InputError(f"{pair.infrared}: {error}") from error


def measure_effects(
    method: str,
    fuser: Fuser,
    pairs: Sequence[Pair],
    seed: int = 0,
    look: Callable[[Pair, EffectMaps], object] | None = None,
) -> list[ImageScores]:
    """Measure the mean effect of each intervention on every pair; `mean_scores` makes the ATE of it.

    Args:
        method: what the fuser is called in the results.
        fuser: from `build_fuser`.
        pairs: from `match_pairs`; the values of one depend on no other.
        seed: of the holes.
        look: is shown every pair with its maps, which are too large to keep for all.

    Returns:
        One element per pair, in the order of `pairs`; its values are means over pixels of luma in [0, 1].

    Raises:
        InputError: as `pair_effects`.

    Example:
        >>> mean_scores(measure_effects("average", build_fuser("average"), pairs))["without_visible"]["average"].mean
    """
    rows = []
    for pair in tqdm(pairs, desc=f"effects {method}", unit="image"):
        maps = pair_effects(fuser, pair, seed)
        rows.append(ImageScores(method, pair.stem, {name: float(effect.mean()) for name, effect in maps.items()}))
        if look:
            look(pair, maps)
    return rows
