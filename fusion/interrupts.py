"""Ctrl-C between two pieces of work, never inside one: an exception out of nowhere can leave a thread's lock held."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back inside the block; the function given raises the KeyboardInterrupt that came meanwhile.

    One that came after the last call is raised at the end of the block. Outside the main thread, which alone gets
    signals, nothing is held back.
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
