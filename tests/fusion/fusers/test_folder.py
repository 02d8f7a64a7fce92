"""Folders of pairs: what is fused, what is kept, and how a run is resumed."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch

from fusion import InputError, build_fuser, fuse_folder, fuse_pair, read_visible
from fusion.errors import FuserError
from fusion.images.colour import to_bytes
from fusion.images.pairs import match_pairs
from fusion.images.stems import images_by_stem
from tests.fusion.stale_sets import write_sets

MADE_BY = {"name": "average", "options": {}}
FUSE = """
import sys
from pathlib import Path
from fusion import build_fuser, fuse_folder, match_pairs
folder = Path(sys.argv[1])
pairs = match_pairs(folder / "ir", folder / "vi")
fuse_folder(build_fuser("average"), pairs, folder / "out", {"name": "average", "options": {}})
"""


@pytest.fixture
def average():
    return build_fuser("average")


def test_every_pair_is_fused_as_fuse_pair_does(tmp_path, make_pairs, average):
    pairs = make_pairs(count=11)
    assert fuse_folder(average, pairs, tmp_path / "out", MADE_BY) == 11
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *(f"{index:02}.png" for index in range(11)),
        "fusion.json",
        "sources.json",
    ]
    for pair in pairs:
        expected = to_bytes(fuse_pair(average, *pair.read()))
        assert (to_bytes(read_visible(tmp_path / "out" / f"{pair.stem}.png")) == expected).all()


def test_the_folder_records_what_made_it(tmp_path, make_pairs, average):
    fuse_folder(average, make_pairs(count=1), tmp_path / "out", MADE_BY)
    assert json.loads((tmp_path / "out" / "fusion.json").read_text()) == MADE_BY


def test_existing_images_are_not_fused_again(tmp_path, make_pairs, average):
    pairs = make_pairs()
    fuse_folder(average, pairs, tmp_path / "out", MADE_BY)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert fuse_folder(average, pairs, tmp_path / "out", MADE_BY) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


def test_a_deleted_image_is_fused_again_and_no_other(tmp_path, make_pairs, average):
    pairs = make_pairs()
    fuse_folder(average, pairs, tmp_path / "out", MADE_BY)
    (tmp_path / "out" / "02.png").unlink()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert fuse_folder(average, pairs, tmp_path / "out", MADE_BY) == 1
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert after.pop(tmp_path / "out" / "02.png")
    assert after == before


@pytest.mark.parametrize("side", ["infrared", "visible"])
def test_a_changed_source_is_fused_again(tmp_path, make_pairs, average, side):
    pairs = make_pairs()
    fuse_folder(average, pairs, tmp_path / "out", MADE_BY)
    later = (tmp_path / "out" / "01.png").stat().st_mtime_ns + 10**9
    os.utime(getattr(pairs[1], side), ns=(later, later))
    (tmp_path / "out" / "01.png").write_bytes(b"stale")
    os.utime(tmp_path / "out" / "01.png", ns=(later - 1, later - 1))
    assert fuse_folder(average, pairs, tmp_path / "out", MADE_BY) == 1
    read_visible(tmp_path / "out" / "01.png")


def test_images_of_another_data_set_with_equal_stems_never_pass_for_its_own(tmp_path, average):
    first, second = write_sets(tmp_path)
    assert fuse_folder(average, first, tmp_path / "out", MADE_BY) == 3
    assert fuse_folder(average, second, tmp_path / "out", MADE_BY) == 3
    assert fuse_folder(average, second, tmp_path / "out", MADE_BY) == 0
    for pair in second:
        expected = to_bytes(fuse_pair(average, *pair.read()))
        assert (to_bytes(read_visible(tmp_path / "out" / f"{pair.stem}.png")) == expected).all()


def test_a_source_replaced_by_an_older_file_is_fused_again(tmp_path, average):
    first, second = write_sets(tmp_path)
    fuse_folder(average, first, tmp_path / "out", MADE_BY)
    os.replace(second[1].visible, first[1].visible)
    assert fuse_folder(average, first, tmp_path / "out", MADE_BY) == 1


def test_the_same_images_elsewhere_are_not_fused_again(tmp_path, average):
    first, _ = write_sets(tmp_path)
    fuse_folder(average, first, tmp_path / "out", MADE_BY)
    (tmp_path / "setA").rename(tmp_path / "moved")
    moved = match_pairs(tmp_path / "moved" / "ir", tmp_path / "moved" / "vi")
    assert fuse_folder(average, moved, tmp_path / "out", MADE_BY) == 0


def test_images_of_another_data_set_are_gone_before_the_first_fusion_fails(tmp_path, average):
    first, second = write_sets(tmp_path)
    fuse_folder(average, first, tmp_path / "out", MADE_BY)
    second[0].visible.write_bytes(b"no image")
    for _ in range(2):
        with pytest.raises(InputError, match=r"000\.png: not an image"):
            fuse_folder(average, second, tmp_path / "out", MADE_BY)
        assert not list((tmp_path / "out").glob("*.png"))


def test_a_folder_of_another_fuser_is_refused_untouched(tmp_path, make_pairs, average):
    pairs = make_pairs()
    fuse_folder(average, pairs[:1], tmp_path / "out", MADE_BY)
    other = {"name": "maximum", "options": {}}
    message = f"{tmp_path / 'out'}: contains images of another fuser (found {MADE_BY}, expected {other}). "
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        fuse_folder(build_fuser("maximum"), pairs, tmp_path / "out", other)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["00.png", "fusion.json", "sources.json"]


def test_a_folder_in_which_another_fuser_wrote_no_image_can_be_used(tmp_path, make_pairs, average):
    pairs = make_pairs(1)
    visible = pairs[0].visible.read_bytes()
    pairs[0].visible.write_bytes(b"no image")
    with pytest.raises(InputError):
        fuse_folder(average, pairs, tmp_path / "out", {"name": "average"})
    pairs[0].visible.write_bytes(visible)
    assert fuse_folder(average, pairs, tmp_path / "out", {"name": "other"}) == 1


def test_images_of_unknown_origin_are_refused(tmp_path, make_pairs, average):
    pairs = make_pairs()
    fuse_folder(build_fuser("maximum"), pairs, tmp_path / "out", {"name": "maximum"})
    (tmp_path / "out" / "fusion.json").unlink()
    with pytest.raises(InputError, match=r"/out: contains images of unknown origin \(no fusion\.json\)\. Try: another"):
        fuse_folder(average, pairs, tmp_path / "out", MADE_BY)


def test_a_broken_source_is_reported_and_the_run_can_be_resumed(tmp_path, make_pairs, average):
    pairs = make_pairs(count=8)
    whole = pairs[5].visible.read_bytes()
    pairs[5].visible.write_bytes(whole[:50])
    with pytest.raises(InputError, match=r"vi/05\.png: not an image"):
        fuse_folder(average, pairs, tmp_path / "out", MADE_BY)
    pairs[5].visible.write_bytes(whole)
    assert fuse_folder(average, pairs, tmp_path / "out", MADE_BY) == 3
    assert list(images_by_stem(tmp_path / "out")) == [pair.stem for pair in pairs]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path, make_pairs, average):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"/file/out/\S+: cannot be written"):
        fuse_folder(average, make_pairs(count=1), tmp_path / "file" / "out", MADE_BY)


def test_an_image_that_cannot_be_written_stops_the_run(tmp_path, make_pairs, average):
    pairs = make_pairs(count=2)
    fuse_folder(average, pairs[:1], tmp_path / "out", MADE_BY)
    (tmp_path / "out" / "01.png" / "inside").mkdir(parents=True)
    later = time.time_ns() + 10**9
    os.utime(pairs[1].infrared, ns=(later, later))
    with pytest.raises(InputError, match=r"out/01\.png: cannot be written"):
        fuse_folder(average, pairs, tmp_path / "out", MADE_BY)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_a_stopped_run_leaves_only_whole_images_and_can_be_resumed(
    tmp_path, make_pairs, average, subprocess_environment, how
):
    pairs = make_pairs(count=6, height=300, width=400)
    for index in range(6, 200):  # hard links, so that the run takes long enough to be stopped
        os.link(pairs[index % 6].infrared, tmp_path / "ir" / f"{index:03}.png")
        os.link(pairs[index % 6].visible, tmp_path / "vi" / f"{index:03}.png")
    pairs = match_pairs(tmp_path / "ir", tmp_path / "vi")
    command = [sys.executable, "-c", FUSE, str(tmp_path)]
    process = subprocess.Popen(command, env=subprocess_environment, stderr=subprocess.DEVNULL)
    while len(list((tmp_path / "out").glob("[!.]*.png"))) < 5 and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(how)
    assert process.wait(60) != 0
    done = images_by_stem(tmp_path / "out")
    assert 5 <= len(done) < 200
    assert set(done) <= {pair.stem for pair in pairs}
    assert all(read_visible(path).shape == (3, 300, 400) for path in done.values())
    some = [pair for pair in pairs if pair.stem in done] + [pair for pair in pairs if pair.stem not in done][:2]
    assert fuse_folder(average, some, tmp_path / "out", MADE_BY) == 2


def test_a_fuser_that_fails_is_reported_with_the_image(tmp_path, make_pairs):
    class Fails:
        learned = colour = False

        def fuse(self, infrared, visible):
            raise InputError("out of luck")

    with pytest.raises(FuserError, match=r"^image 00: out of luck$"):
        fuse_folder(Fails(), make_pairs(), tmp_path / "out", {"name": "fails"})


def test_an_infrared_folder_is_grey(tmp_path, make_pairs):
    fuse_folder(build_fuser("infrared"), make_pairs(count=1), tmp_path / "out", {"name": "infrared"})
    red, green, blue = read_visible(tmp_path / "out" / "00.png")
    assert torch.equal(red, green)
    assert torch.equal(green, blue)
