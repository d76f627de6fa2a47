"""Immutable values, as frozen data classes are: importing `dataclasses` takes longer than opening the dictionary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


def immutable(*names: str) -> Callable[[type[T]], type[T]]:
    """Make a class whose instances are equal, hash alike and travel by the named attributes, and cannot be changed.

    Its `__init__` stores them in `self.__dict__`; what is computed from them may be kept there too.
    """

    def state(self: Any) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def equal(self: Any, other: object) -> bool:
        return state(self) == state(other) if type(other) is type(self) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(tuple(state(self).values()))

    def shown(self: Any) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in state(self).items())})"

    def refuse(self: Any, name: str, *_: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change: {name!r} cannot be set or deleted")

    methods = {"__getstate__": state, "__eq__": equal, "__hash__": hashed, "__repr__": shown}
    methods |= {"__setattr__": refuse, "__delattr__": refuse}

    def decorate(cls: type[T]) -> type[T]:
        for name, method in methods.items():
            setattr(cls, name, method)
        return cls

    return decorate
