"""A mapping that cannot change, so that values which hold one can be shared, compared and hashed."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

V = TypeVar("V")


class FrozenMap(Mapping[str, V], Generic[V]):
    """An immutable, hashable mapping from names, in the order in which they were given."""

    __slots__ = ("_entries",)
    _entries: dict[str, V]

    def __init__(self, entries: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        object.__setattr__(self, "_entries", dict(entries))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a FrozenMap cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a FrozenMap cannot be changed")

    def __getitem__(self, name: str) -> V:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> ItemsView[str, V]:
        """As of any mapping; the views of a dict cannot change it, and are many times faster than a Mapping's own."""
        return self._entries.items()

    def values(self) -> ValuesView[V]:
        """As of any mapping."""
        return self._entries.values()

    def having(self, name: str, value: V) -> FrozenMap[V]:
        """A map with this entry in the place of the name's own, or at the end."""
        return FrozenMap(self._entries | {name: value})

    def without(self, name: str) -> FrozenMap[V]:
        """A map that does not have the name, whether this one has it or not."""
        left = dict(self._entries)
        left.pop(name, None)
        return FrozenMap(left)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)

    def __reduce__(self) -> tuple[object, ...]:
        return FrozenMap, (dict(self._entries),)
