"""Read the frames of a video ahead, in a thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread

from torch import Tensor

from fusion.video.source import Pixels, VideoSource

READ_AHEAD = 4
_LOOK_S, _CLOSE_S = 0.1, 1.0  # how often to look at Ctrl-C, and how long to wait for a camera that hangs


class FrameReader:
    """Reads a source in a thread, and closes it; of a live one only the newest frame is kept.

    Args:
        source: is the reader's from now on.
        convert: what is done with every frame, in the thread too.
    """

    def __init__(self, source: VideoSource, convert: Callable[[Pixels], Tensor]) -> None:
        self._source, self._convert = source, convert
        self._frames: Queue[Tensor | Exception | None] = Queue(1 if source.live else READ_AHEAD)
        self._closed = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self, stop_if_asked: Callable[[], None]) -> Tensor | None:
        """Wait for the next frame; None, once, after the last one.

        Args:
            stop_if_asked: is called while nothing comes, and may raise.
        """
        while True:
            with suppress(Empty):
                item = self._frames.get(timeout=_LOOK_S)
                break
            stop_if_asked()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            while not self._closed.is_set() and (pixels := self._source.read()) is not None:
                self._put(self._convert(pixels))
            self._put(None)
        except Exception as error:
            self._put(error)
        finally:
            self._source.close()

    def _put(self, item: Tensor | Exception | None) -> None:
        if self._source.live and isinstance(item, Tensor):
            with suppress(Empty):
                self._frames.get_nowait()  # nobody took it in time: pairs are made of the newest frames
        while not self._closed.is_set():
            with suppress(Full):
                self._frames.put(item, timeout=_LOOK_S)
                return
