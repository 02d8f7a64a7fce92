from __future__ import annotations

from pathlib import Path

import pytest

from downstream.datasets.image_files import opened_image
from downstream.detection.environment import isolate_ultralytics
from fusion.errors import InputError


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_a_file_that_is_no_image_is_named_when_ultralytics_has_changed_how_images_open(
    tmp_path: Path, content: bytes | None
) -> None:
    isolate_ultralytics(tmp_path)
    import ultralytics.utils.patches  # noqa: F401

    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with (
        pytest.raises(InputError, match=r"a\.png: cannot be decoded as a mask"),
        opened_image(tmp_path / "a.png", "a mask"),
    ):
        pass
