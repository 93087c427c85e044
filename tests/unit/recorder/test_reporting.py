"""What the recorder says in the program's log."""

from training_events.recorder.reporting import log, reported_not_raised


def test_no_line_of_the_log_holds_a_credential(caplog):
    """A failure to connect often has the address in its text, and lines of the log are kept by others."""

    @reported_not_raised
    def connect():
        raise ConnectionError("cannot reach postgresql://ada:hunter2@h/db")

    connect()
    log.warning("%s, at %s, %d times", ValueError("token=hunter2"), "https://h/x?sig=hunter2", 3)
    assert "hunter2" not in caplog.text
    assert "cannot reach postgresql://h/db" in caplog.messages[0]
    assert caplog.messages[1] == "token=***, at https://h/x?sig=***, 3 times"
