"""Ctrl-C is deferred to the end of a unit of work."""

import os
import signal
import threading

import pytest

from fusion.interrupts import deferred_interrupt


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_is_deferred_to_the_next_check():
    reached = []

    def work():
        with deferred_interrupt() as stop_if_asked:
            stop_if_asked()
            press_ctrl_c()
            reached.append("work goes on")
            stop_if_asked()
            reached.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["work goes on"]


def test_ctrl_c_after_the_last_check_is_raised_at_the_end():
    with pytest.raises(KeyboardInterrupt), deferred_interrupt():
        press_ctrl_c()


def test_the_earlier_signal_handler_is_restored():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="broken"), deferred_interrupt():
        raise ValueError("broken")
    assert signal.getsignal(signal.SIGINT) is before


def test_nothing_is_deferred_in_another_thread():
    given = []

    def work():
        with deferred_interrupt() as stop_if_asked:
            given.append(stop_if_asked())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert given == [None]
