"""Which class a colour of a label mask stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

IGNORED = 255
_MSRS = {  # the display palette of MFNet and MSRS, by class name
    (0, 0, 0): "background",
    (64, 0, 128): "car",
    (64, 64, 0): "person",
    (0, 128, 192): "bike",
    (0, 0, 192): "curve",
    (128, 128, 0): "car_stop",
    (64, 64, 128): "guardrail",
    (192, 128, 128): "color_cone",
    (192, 64, 0): "bump",
}
Colour = tuple[int, int, int]


def classes_of_colours(colours: Sequence[Colour], classes: Sequence[str]) -> list[int] | None:
    """Return the class number of every colour, read with the first of these palettes that has all of them.

    - the display palette of MSRS, whose colours stand for classes by name;
    - equal channels: the level is the class number, or 255 for pixels without class;
    - the palette of Pascal VOC, which labelme writes, too: colours stand for numbers, (224, 224, 192) for no class.

    Args:
        colours: all that occur in a mask, RGB.
        classes: class names in the order of the class numbers.

    Returns:
        One number per colour; None if no palette has all of them.

    Example:
        >>> classes_of_colours([(0, 0, 0), (64, 64, 0)], ["background", "car", "person"])
        [0, 2]
        >>> classes_of_colours([(1, 1, 1), (255, 255, 255)], ["background", "car", "person"])
        [1, 255]
        >>> classes_of_colours([(0, 0, 0), (0, 128, 0)], ["background", "car", "person"])
        [0, 2]
    """
    of_voc = {_voc_colour(number): number for number in (*range(len(classes)), IGNORED)}

    def named(colour: Colour) -> int | None:
        name = _MSRS.get(colour)
        return classes.index(name) if name in classes else None

    def grey(colour: Colour) -> int | None:
        level = colour[0]
        return level if len(set(colour)) == 1 and (level < len(classes) or level == IGNORED) else None

    palettes: tuple[Callable[[Colour], int | None], ...] = (named, grey, of_voc.get)
    for palette in palettes:
        known = [number for number in map(palette, colours) if number is not None]
        if len(known) == len(colours):
            return known
    return None


def _voc_colour(number: int) -> Colour:
    """Return the colour of a class in the palette of Pascal VOC: its bits, dealt to the channels from the highest."""
    channels = [0, 0, 0]
    for bit in range(8):
        channels[bit % 3] |= (number >> bit & 1) << (7 - bit // 3)
    return (channels[0], channels[1], channels[2])
