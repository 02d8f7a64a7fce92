"""Fuse videos and cameras.

Inside:
    fuse: `fuse_video`, which reads, fuses and writes at the same time.
    source: open video files, cameras and streams, and check that two of them fit together.
    reader: read frames ahead in a thread, and pair the frames of two sources.
    writer: write a video file in a thread.

Other rooms call `fuse_video`; `require_source` and `require_video_path` check its arguments without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
