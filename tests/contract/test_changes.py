"""Whoever looks at a page hears of each change, in a log of either kind."""

import asyncio
from collections.abc import AsyncIterator

from training_events.pages.server.changes import Changes
from training_events.pages.server.shared_sources import SharedSources

from tests.support.asking import Asked
from tests.support.patience import PATIENCE_SECONDS


async def next_mark(marks: AsyncIterator[str | None]) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for mark in marks:
            if mark is not None:
                return mark
    raise AssertionError("the server has ended")


def test_a_change_to_a_stream_and_a_change_to_any_are_told(asked: Asked):
    async def listen() -> None:
        changes = Changes(SharedSources(asked.url))
        for subject in ("run/a", None):
            seen = changes.mark(subject)
            marks = changes.after(subject, seen)
            heard = asyncio.create_task(next_mark(marks))
            asked.record("run/a", "MetricsRecorded", f"15:00:0{1 if subject else 2}", points=[])
            assert await heard != seen
        changes.close()

    asked.record("run/a", "TrainingStarted", "15:00:00", model="digits")
    asyncio.run(listen())


def test_what_happened_between_the_page_and_the_listening_is_told_at_once(asked: Asked):
    async def listen() -> None:
        changes = Changes(SharedSources(asked.url))
        seen = changes.mark("run/a")
        asked.record("run/a", "MetricsRecorded", "15:00:01", points=[])
        assert await next_mark(changes.after("run/a", seen)) == changes.mark("run/a")
        changes.close()

    asked.record("run/a", "TrainingStarted", "15:00:00", model="digits")
    asyncio.run(listen())


def test_who_listens_is_let_go_when_the_server_ends(asked: Asked):
    async def listen() -> None:
        changes = Changes(SharedSources(asked.url))
        marks = changes.after("run/a", changes.mark("run/a"))

        async def every() -> list[str | None]:
            return [mark async for mark in marks]

        listening = asyncio.create_task(every())
        await asyncio.sleep(0)
        changes.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await listening

    asked.record("run/a", "TrainingStarted", "15:00:00", model="digits")
    asyncio.run(listen())
