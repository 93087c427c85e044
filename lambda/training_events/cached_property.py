"""A property that is computed once for each instance, and takes no lock for it.

Up to Python 3.11 `functools.cached_property` holds one lock for all instances of a class while it computes. If another thread
forks meanwhile, that lock stays locked in the child, and the child waits for ever where it asks for the property.
https://docs.python.org/3.11/library/functools.html#functools.cached_property
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class cached_property(Generic[_T]):  # noqa: N801 - it is used as functools' is
    """The instance's `__dict__` keeps the value. Threads that ask at once may compute it twice, with the same result."""

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
