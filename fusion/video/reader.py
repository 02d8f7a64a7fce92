"""Read the frames of videos ahead, each in its own thread, and pair those of two videos."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, suppress
from itertools import count
from queue import Empty, Full, Queue
from threading import Event, Thread

from torch import Tensor

from fusion.errors import InputError
from fusion.images import EncodedImage, warp_luma
from fusion.registration import Registration, crop_visible
from fusion.video.source import Pixels, VideoSource

READ_AHEAD = 4
_POLL_S, _CLOSE_S = 0.1, 1.0  # interval between checks for Ctrl-C; how long to wait for a camera that hangs


class FrameReader:
    """Reads a source in a thread and closes it at the end; of a live source, only the newest frame is kept.

    Args:
        source: the source; it must not be read elsewhere.
        convert: applied to every frame, also in the thread.
    """

    def __init__(self, source: VideoSource, convert: Callable[[Pixels], Tensor]) -> None:
        self._source, self._convert = source, convert
        self._frames: Queue[Tensor | Exception | None] = Queue(1 if source.live else READ_AHEAD)
        self._closed = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self, stop_if_asked: Callable[[], None]) -> Tensor | None:
        """Wait for the next frame.

        Args:
            stop_if_asked: called repeatedly while waiting; may raise.

        Returns:
            The converted frame; None, once, after the last one.

        Raises:
            Exception: what reading or `convert` raised in the thread.
        """
        while True:
            with suppress(Empty):
                item = self._frames.get(timeout=_POLL_S)
                break
            stop_if_asked()
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        """Stop the thread."""
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
                self._frames.get_nowait()  # drop a frame that was not read in time: pairs use the newest frames
        while not self._closed.is_set():
            with suppress(Full):
                self._frames.put(item, timeout=_POLL_S)
                return


def read_pairs(
    infrared: VideoSource,
    visible: VideoSource,
    stop_if_asked: Callable[[], None],
    registration: Registration | None = None,
) -> Generator[tuple[Tensor, Tensor], None, None]:
    """Read two sources in parallel until one of them ends.

    Args:
        infrared: the infrared source; it is closed at the end.
        visible: the visible source; likewise.
        stop_if_asked: called repeatedly while waiting for a frame; may raise.
        registration: of the two, into whose frame both are brought; None if both show the same.

    Yields:
        Infrared as (1, H, W) luma and visible as (3, H, W) RGB, float32 in [0, 1].

    Raises:
        InputError: one of two files ends before the other.
    """

    def read_infrared(frame: Pixels) -> Tensor:
        luma = EncodedImage(frame).luma()
        return warp_luma(registration, luma) if registration else luma

    def read_visible(frame: Pixels) -> Tensor:
        return EncodedImage(crop_visible(registration, frame) if registration else frame).rgb()

    with (
        closing(FrameReader(infrared, read_infrared)) as infrared_frames,
        closing(FrameReader(visible, read_visible)) as visible_frames,
    ):
        for index in count():
            first, second = infrared_frames.next(stop_if_asked), visible_frames.next(stop_if_asked)
            if first is not None and second is not None:
                yield first, second
                continue
            if not infrared.live and not (first is None and second is None):
                ended, other = (infrared, visible) if first is None else (visible, infrared)
                raise InputError(
                    f"{ended.name}: ends after {index} frames, before {other.name} (expected equal lengths). "
                    f"Try: --frames {index}"
                )
            return
