"""What a program and its frameworks see of the handlers that the recorder sets, and that all of them are theirs again later."""

import faulthandler
import signal

import pytest
from training_events.recorder.signals import WATCHED, Handler, Replacement, replaceable


def ignore_the_notification(*_):
    pass


@pytest.fixture(params=[signal.SIGUSR1, signal.SIGTERM], ids=lambda signum: signum.name)
def signum(request):
    before = signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def replace(signum):
    return Replacement(signum, Handler(replaceable(signum), ignore_the_notification))


def test_a_framework_that_asks_for_a_handler_finds_none_where_the_program_has_none(signum):
    """Lightning requeues a job of Slurm's only if nothing handles the signal yet."""
    replacement = replace(signum)
    assert signal.getsignal(signum) in (None, signal.SIG_DFL)
    assert signal.getsignal(signum) is replacement.handler
    replacement.put_back()
    assert signal.getsignal(signum) is signal.SIG_DFL


def test_a_framework_that_asks_for_a_handler_finds_one_where_the_program_has_one(signum):
    signal.signal(signum, ignore_the_notification)
    replacement = replace(signum)
    assert signal.getsignal(signum) not in (None, signal.SIG_DFL)
    assert signal.getsignal(signum) != signal.SIG_DFL
    replacement.put_back()
    assert signal.getsignal(signum) is ignore_the_notification


def test_a_handler_that_the_program_sets_meanwhile_stays(signum):
    replacement = replace(signum)
    signal.signal(signum, ignore_the_notification)
    replacement.put_back()
    assert signal.getsignal(signum) is ignore_the_notification


def test_a_handler_that_is_not_pythons_stays_whether_it_comes_first_or_later(signum, tmp_path):
    with (tmp_path / "traces").open("w+") as file:
        faulthandler.register(signum, file)
        try:
            assert replaceable(signum) is None
            faulthandler.unregister(signum)
            replacement = replace(signum)
            faulthandler.register(signum, file)
            replacement.put_back()
            signal.raise_signal(signum)
            file.seek(0)
            assert "most recent call first" in file.read()
        finally:
            faulthandler.unregister(signum)


def test_a_handler_that_was_left_behind_is_not_taken_for_the_programs(signum):
    """Ctrl-C came before it was put back."""
    replace(signum)
    assert replaceable(signum) is signal.SIG_DFL


@pytest.mark.parametrize("signum", WATCHED, ids=lambda signum: signum.name)
def test_a_signal_that_is_ignored_stays_ignored(signum):
    before = signal.signal(signum, signal.SIG_IGN)
    try:
        assert replaceable(signum) is None
    finally:
        signal.signal(signum, before)
