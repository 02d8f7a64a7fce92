"""Keep ultralytics inside one folder and off the network.

A module of its own, because it must run before anything imports ultralytics.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fusion.storage import atomic_path

FONTS = ("Arial.ttf", "Arial.Unicode.ttf")


def isolate_ultralytics(folder: Path) -> None:
    """Set the environment so that ultralytics keeps its settings and fonts in `folder` and needs no network.

    Downloads, automatic installs and telemetry are switched off. The font check of ultralytics ignores its offline
    switch, so a font of matplotlib is copied to where it looks.

    Args:
        folder: created if missing.

    Raises:
        InputError: the folder cannot be written.
    """
    import matplotlib

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
