"""Keep ultralytics inside one folder and off the network; must run before ultralytics is imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import matplotlib

from fusion.storage import atomic_path

FONTS = ("Arial.ttf", "Arial.Unicode.ttf")


def isolate_ultralytics(folder: Path) -> None:
    """Point settings and fonts of ultralytics into `folder`, and switch downloads, installs and telemetry off.

    Its font check ignores the offline switch, so matplotlib's own font is put where it looks.
    """
    home = folder.absolute() / "Ultralytics"
    home.mkdir(parents=True, exist_ok=True)
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    for name in FONTS:
        if not (home / name).exists():
            with atomic_path(home / name) as partial:
                shutil.copyfile(font, partial)
    os.environ |= {
        "YOLO_CONFIG_DIR": str(folder.absolute()),
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_VERBOSE": "false",
    }
