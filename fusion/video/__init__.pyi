from .fuse import fuse_video as fuse_video
from .source import require_source as require_source
from .writer import require_video_path as require_video_path
