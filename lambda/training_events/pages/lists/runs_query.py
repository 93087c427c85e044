"""What the address of the table of runs asks for, and the addresses of what could be asked next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from training_events.pages.lists.address import MAX_PAGE, list_address, number_in

if TYPE_CHECKING:
    from training_events.pages.page import Asked, Query

SIZES = (50, 100, 200, 500)
"""How many runs a page can have."""


class RunsQuery(Struct, frozen=True):
    """`where` and `sort` are as people write them. `columns` are fields; without any, the table has those that suit its runs.

    `hidden` asks for hidden runs, too. Pages of `limit` runs have numbers from 1.
    """

    where: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()
    hidden: bool = False
    limit: int = SIZES[0]
    page: int = 1

    @property
    def skipped(self) -> int:
        """How many runs are on earlier pages."""
        return (self.page - 1) * self.limit

    def address(self, asked: Asked, **changes: Any) -> str:
        """The address of the same table with these changes, relative to the page. It says nothing that goes without saying."""
        changed = structs.asdict(structs.replace(self, **changes))
        parameters = [
            (name, one)
            for name, value in changed.items()
            if value != getattr(_USUAL, name)
            for one in (value if isinstance(value, tuple) else ["1" if value is True else str(value)])
        ]
        return list_address(asked, parameters)


_USUAL = RunsQuery()


def read_runs_query(query: Query) -> RunsQuery:
    """Raises Misused for a number that is none."""
    return RunsQuery(
        where=query.one("where") or "",
        sort=query.one("sort") or "",
        columns=tuple(filter(None, query.all("columns"))),
        hidden=bool(query.one("hidden")),
        limit=number_in(query, "limit", SIZES[0], SIZES[-1]),
        page=number_in(query, "page", 1, MAX_PAGE),
    )
