"""Defer Ctrl-C to a point between two units of work: an exception at an arbitrary point may leave a lock held."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Defer Ctrl-C inside the block.

    In threads other than the main thread, which alone receives signals, nothing is deferred.

    Yields:
        A function to call between two units of work: it raises KeyboardInterrupt if Ctrl-C was pressed since the last
        call.

    Raises:
        KeyboardInterrupt: at the end of the block, if Ctrl-C was pressed after the last call.

    Example:
        >>> with deferred_interrupt() as stop_if_asked:
        ...     for step in range(3):
        ...         stop_if_asked()
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    pressed = threading.Event()
    earlier = signal.signal(signal.SIGINT, lambda *_: pressed.set())

    def raise_if_pressed() -> None:
        if pressed.is_set():
            pressed.clear()
            raise KeyboardInterrupt

    try:
        yield raise_if_pressed
    finally:
        signal.signal(signal.SIGINT, earlier)
    raise_if_pressed()
