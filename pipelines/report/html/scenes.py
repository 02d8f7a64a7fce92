"""The data of the image comparison on a page, as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from downstream.datasets import Box, read_mask
from fusion.images import read_visible, to_bytes
from pipelines.report.figures.boxes import LOWEST_SCORE, class_colour
from pipelines.report.figures.masks import OPACITY, class_colours
from pipelines.report.html.pictures import Detail, image_uri, mask_uri
from pipelines.report.panels import Panel

Json = dict[str, Any]
_MIN_SCORE = 0.05  # weaker detections would only hide the image


def scenes_data(panels: Sequence[Panel], classes: Sequence[str], detail: Detail) -> Json:
    """Collect the images, ground truth and predictions of scenes.

    Args:
        panels: the scenes.
        classes: names of all classes of the data set; empty without a detector or segmenter.
        detail: of images and masks.

    Returns:
        `kind` ("boxes", "masks" or ""), `opacity` of masks, `lowest` (the minimum score of the detections shown
        initially), `legend` (name and colour per class) and `scenes`. A scene has `name`, `width` and `height` in
        pixels, `truth`, and `layers` with `name`, `image` and `found`. A box is class number, x1, y1, x2, y2 and, for
        detections, score; a mask is a data URI.

    Raises:
        InputError: an image or a mask cannot be read.
    """
    has_masks = any(panel.masks for panel in panels)
    kind = "masks" if has_masks else "boxes" if classes else ""
    colours = [_rgb(colour) for colour in class_colours(len(classes))]
    shown = [_hex(colour) for colour in colours] if has_masks else [class_colour(k) for k in range(len(classes))]
    legend = list(zip(classes, shown, strict=True))[1 if has_masks else 0 :]
    scenes = [_scene(panel, classes, colours, detail) for panel in panels]
    return {"kind": kind, "opacity": OPACITY, "lowest": LOWEST_SCORE, "legend": legend, "scenes": scenes}


def _scene(panel: Panel, classes: Sequence[str], colours: Sequence[tuple[int, int, int]], detail: Detail) -> Json:
    infrared, visible = (to_bytes(image.expand(3, -1, -1)) for image in panel.pair.read())
    sources = {"infrared": infrared, "visible": visible}
    fused = {name: to_bytes(read_visible(path)) for name, path in panel.fused.items()}

    def mask(path: Path, values: Sequence[int] = ()) -> str:
        return mask_uri(read_mask(path, classes, values), colours, detail)

    found: dict[str, Any] = {}
    if panel.masks:
        found = {name: mask(path) for name, path in panel.masks.predicted.items()}
    for name, boxes in (panel.predictions or {}).items():
        found[name] = [
            [*_box(box, classes), round(score, 3)]
            for box, score in sorted(boxes, key=lambda item: item[1])
            if score >= _MIN_SCORE
        ]
    return {
        "name": panel.stem,
        "width": visible.shape[1],
        "height": visible.shape[0],
        "truth": mask(panel.masks.truth, panel.masks.values)
        if panel.masks
        else [_box(box, classes) for box in panel.truth],
        "layers": [
            {"name": name, "image": image_uri(pixels, detail), "found": found.get(name)}
            for name, pixels in {**sources, **fused}.items()
        ],
    }


def _box(box: Box, classes: Sequence[str]) -> list[float]:
    return [classes.index(box.class_name), *(round(value, 1) for value in box.xyxy)]


def _rgb(colour: tuple[float, float, float]) -> tuple[int, int, int]:
    red, green, blue = (round(255 * value) for value in colour)
    return red, green, blue


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{value:02x}" for value in colour)
