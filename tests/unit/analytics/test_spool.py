from training_events.analytics.spool import MEMORY_BYTES, Spool


def test_what_was_appended_is_read_as_often_as_it_is_asked():
    spool = Spool()
    contents = [b"", b"a", b"x" * 300_000, b"b"]
    for content in contents:
        spool.append(content)
    assert list(spool) == contents
    assert list(spool) == contents


def test_readers_side_by_side_do_not_disturb_each_other_nor_who_appends():
    spool = Spool()
    for number in range(3):
        spool.append(b"%d" % number)
    first, second = iter(spool), iter(spool)
    assert next(first) == b"0"
    assert list(second) == [b"0", b"1", b"2"]
    spool.append(b"3")
    assert list(spool) == [b"0", b"1", b"2", b"3"]
    assert next(first) == b"1"


def test_more_than_memory_is_to_hold_is_in_a_file():
    spool = Spool()
    for _ in range(3):
        spool.append(b"x" * (MEMORY_BYTES // 2))
    assert [len(content) for content in spool] == [MEMORY_BYTES // 2] * 3
    spool.close()
