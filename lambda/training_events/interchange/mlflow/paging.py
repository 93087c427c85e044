"""Pages of a list, as MLflow counts them: each answer has a token, with which the next page begins."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.search_utils import SearchUtils

from training_events.interchange.mlflow.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

_T = TypeVar("_T")

MAX_OPEN_LISTS = 8
"""Whoever reads one page more of an older list waits until all before it are found again."""


def check_max_results(max_results: int) -> None:
    """Raises MlflowException."""
    is_number = isinstance(max_results, int) and not isinstance(max_results, bool)
    if not is_number or max_results < 1:
        raise invalid(f"Invalid value {max_results!r} for parameter 'max_results' supplied. It must be a positive integer")
    if max_results > SEARCH_MAX_RESULTS_THRESHOLD:
        most = SEARCH_MAX_RESULTS_THRESHOLD
        raise invalid(f"Invalid value {max_results!r} for parameter 'max_results' supplied. It must be at most {most}")


class Lists(Generic[_T]):
    """Lists that are read page by page. What is left of the newest ones is kept: the next page goes on where one ended.

    Without that each page would find again what all pages before it gave, and what was recorded meanwhile would shift them.
    """

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[Hashable, int], Iterator[_T]] = OrderedDict()
        self._lock = Lock()

    def page(
        self, asked: Hashable, found: Callable[[], Iterable[_T]], max_results: int | None, page_token: str | None
    ) -> PagedList[_T]:
        """The page that a token names of the list that was `asked` for; `found` gives all of it. Raises MlflowException."""
        start = SearchUtils.parse_start_offset_from_page_token(page_token)
        if start < 0:
            raise invalid(f"Invalid page token, it begins before the list does: {page_token!r}")
        with self._lock:
            left = self._left.pop((asked, start), None)
        if left is None:
            left = islice(found(), start, None)
        some = list(left if max_results is None else islice(left, max_results + 1))
        if max_results is None or len(some) <= max_results:
            return PagedList(some, None)
        end = start + max_results
        with self._lock:
            self._left[asked, end] = chain(some[max_results:], left)
            while len(self._left) > MAX_OPEN_LISTS:
                self._left.popitem(last=False)
        return PagedList(some[:max_results], SearchUtils.create_page_token(end))


def page(found: Sequence[_T], max_results: int | None, page_token: str | None) -> PagedList[_T]:
    """The page that a token names of a list that is there. Raises MlflowException."""
    return Lists[_T]().page(None, lambda: found, max_results, page_token)
