"""Fuse two folders of images into a third one, or two videos or cameras into a video."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusion import InputError, build_fuser, fuse_folder, fuse_video, list_fusers, match_pairs
from fusion.command_line import exit_code, parse_override
from fusion.fusers import fuser_files
from fusion.storage import Fingerprints

_NOTES = """\
Images of a pair have equal file names, videos of a pair as many frames and the same rate; both are registered and of
one size. Images that are in the folder --out already are kept. The video is .mp4 (mp4v) or .avi (MJPG), and never
overwrites a file. Ctrl-C ends the recording of cameras, which is kept; of video files it leaves nothing."""


def main(program: str | None = None) -> None:
    """Parse, fuse, print where the result is; `program` is what the help calls the command."""
    parser = argparse.ArgumentParser(program, description=__doc__, epilog=_NOTES)
    parser.add_argument("options", nargs="*", metavar="key=value", help="an option of the fuser, such as levels=3")
    source = "folder of images, video file, number of a camera, or URL such as rtsp://..."
    parser.add_argument("--infrared", required=True, metavar="SOURCE", help=source)
    parser.add_argument("--visible", required=True, metavar="SOURCE", help="likewise, of the same kind")
    parser.add_argument("--out", type=Path, required=True, help="folder or video to write")
    names = f"path/to/file.py:ClassName, or one of: {', '.join(list_fusers())}"
    parser.add_argument("--fuser", required=True, help=names)
    parser.add_argument("--weights", type=Path, help="for isfuse: a file of weights (default: the shipped ones)")
    parser.add_argument("--frames", type=int, metavar="N", help="of videos and cameras: stop after N frames")
    arguments = parser.parse_intermixed_args()
    options = dict(parse_override(option) for option in arguments.options)
    if arguments.weights:
        options["weights"] = arguments.weights
    fuser = build_fuser(arguments.fuser, **options)
    sources = [arguments.infrared, arguments.visible]
    if not any(Path(source).is_dir() for source in sources):
        infrared, visible = (int(source) if source.isdecimal() else source for source in sources)
        fused = fuse_video(fuser, infrared, visible, arguments.out, arguments.frames)
        print(f"{fused} frames fused into {arguments.out}")
    elif arguments.frames is not None:
        raise InputError(f"--frames {arguments.frames} is for videos; folders of images are fused whole")
    else:
        files = fuser_files(arguments.fuser, options)
        hashes = {name: Fingerprints().of(path) for name, path in files.items()}
        pairs = match_pairs(*map(Path, sources))
        fused = fuse_folder(fuser, pairs, arguments.out, {"fuser": arguments.fuser, **options, **hashes})
        print(f"{len(pairs)} pairs in {arguments.out}, {fused} fused now")


if __name__ == "__main__":
    sys.exit(exit_code(lambda: main("python -m fusion")))
