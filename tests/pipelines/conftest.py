from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.pipeline_command import CommandLine


@pytest.fixture
def tool(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)
