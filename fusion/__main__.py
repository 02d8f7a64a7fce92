"""Fuse two folders of images into a third one, or two videos or cameras into a video."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion import InputError, list_fusers, match_pairs
from fusion.command_line import exit_code, parse_override
from fusion.fusers import fuser_record, require_options
from fusion.images import ReadingOptions, add_reading_options, reading_options

if TYPE_CHECKING:
    from fusion.registration import Registration

_NOTES = """\
The images of a pair have the same file name apart from the suffix, the videos of a pair the same number of frames and
the same rate; both are registered and of one size, unless --registration brings them together. Images that exist in
the folder --out are kept. A video is written as .mp4 (mp4v) or .avi (MJPG) and never overwrites a file. Ctrl-C ends the
recording of cameras, which is kept; of video files, nothing is written."""


def main(program: str | None = None) -> None:
    """Parse the arguments, fuse, and print where the result is.

    Names, options and files are checked before torch is imported.

    Args:
        program: the name of the command in the help; None for that of the script.
    """
    arguments = _parse(program)
    options = dict(parse_override(option) for option in arguments.options)
    if arguments.weights:
        options["weights"] = arguments.weights
    require_options(arguments.fuser, options)
    sources, reading = (arguments.infrared, arguments.visible), reading_options(arguments)
    if any(Path(source).is_dir() for source in sources):
        if arguments.frames is not None:
            raise InputError(f"--frames {arguments.frames}: for videos only (found folders of images)")
        _fuse_folders(arguments.fuser, options, sources, reading, arguments.out)
    else:
        _fuse_videos(arguments.fuser, options, sources, reading.registration, arguments.out, arguments.frames)


def _parse(program: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(program, description=__doc__, epilog=_NOTES)
    parser.add_argument("options", nargs="*", metavar="key=value", help="an option of the fuser, such as levels=3")
    source = "folder of images, video file, number of a camera, or URL such as rtsp://..."
    parser.add_argument("--infrared", required=True, metavar="SOURCE", help=source)
    parser.add_argument("--visible", required=True, metavar="SOURCE", help="the same kind of source as --infrared")
    parser.add_argument("--out", type=Path, required=True, help="folder or video to write")
    names = f"path/to/file.py:ClassName, or one of: {', '.join(list_fusers())}"
    parser.add_argument("--fuser", required=True, help=names)
    parser.add_argument("--weights", type=Path, help="checkpoint for isfuse and isfuse-lite (default: shipped weights)")
    add_reading_options(parser)
    parser.add_argument("--frames", type=int, metavar="N", help="for videos and cameras: stop after N frames")
    return parser.parse_intermixed_args()


def _fuse_folders(
    fuser: str, options: dict[str, Any], folders: tuple[str, str], reading: ReadingOptions, out: Path
) -> None:
    pairs = match_pairs(Path(folders[0]), Path(folders[1]), *reading)
    record = fuser_record(fuser, options)

    from fusion import build_fuser, fuse_folder

    fused = fuse_folder(build_fuser(fuser, **options), pairs, out, record)
    print(f"{len(pairs)} pairs in {out}, {fused} fused now")


def _fuse_videos(
    fuser: str,
    options: dict[str, Any],
    sources: tuple[str, str],
    registration: Registration | None,
    out: Path,
    frames: int | None,
) -> None:
    from fusion.video import require_source, require_video_path

    require_video_path(out)
    infrared, visible = (int(source) if source.isdecimal() else source for source in sources)
    require_source(infrared)
    require_source(visible)

    from fusion import build_fuser, fuse_video

    fused = fuse_video(build_fuser(fuser, **options), infrared, visible, out, frames, registration)
    print(f"{fused} frames fused into {out}")


if __name__ == "__main__":
    sys.exit(exit_code(lambda: main("python -m fusion")))
