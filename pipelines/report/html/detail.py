"""How much of its pictures a page keeps, so that it does not grow beyond what can be sent and opened."""

from __future__ import annotations

from typing import NamedTuple

LARGEST = 15_000_000  # bytes of a page


class Detail(NamedTuple):
    """Pictures wider than `widest` pixels are scaled down; `quality` is that of WebP, in percent."""

    widest: int
    quality: int

    @property
    def note(self) -> str:
        """What a reader has to know who looks at details; nothing where all are kept."""
        if self == DETAILS[0]:
            return ""
        return (
            f"To keep this page below {LARGEST // 1_000_000} MB, its images are at most {self.widest} pixels wide, in "
            f"WebP quality {self.quality}; usual are {DETAILS[0].widest} and {DETAILS[0].quality}. Do not judge fine "
            "detail by them: the fused images themselves lie in the work folder."
        )


# From the first one on until the page is small enough. Quality goes first: 92 shows every pixel, 80 costs half.
DETAILS = (
    Detail(1024, 92),
    Detail(1024, 80),
    *(Detail(widest, 65) for widest in (1024, 800, 640, 512, 400, 320, 240, 160)),
)
