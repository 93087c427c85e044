"""What a program of the tests does first, so that a signal ends it however the tests were started."""

import signal


def take_signals() -> None:
    """A process in the background (a shell's `&`, `nohup`) ignores some signals, and so do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_DFL)
