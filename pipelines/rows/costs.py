"""What a row costs per frame in milliseconds, as its stage leaves it for the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from fusion.storage import read_json, write_json

_COST = "cost.json"


@dataclass(frozen=True)
class Cost:
    """The milliseconds that a frame takes, each the median over some test frames, measured one frame at a time.

    Attributes:
        fusing_ms: to make what the network sees from the two decoded images, and to merge what several networks
            predict; 0 for a single camera, None where other code has fused the images.
        network_ms: of all networks that see a frame, from decoded images to boxes or masks.
        frames: number of frames measured; the smallest of several measurements.
        device: of the networks.
        threads: of torch.
    """

    fusing_ms: float | None
    network_ms: float
    frames: int
    device: str
    threads: int

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        write_json(folder / _COST, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Cost:
        """Read what `save` wrote."""
        return cls(**read_json(folder / _COST))


def cost_stage(row: str) -> str:
    """Return the name of the stage that measures a row."""
    return f"measure_cost/{row}"
