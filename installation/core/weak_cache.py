"""Values that are made once and shared, for as long as somebody uses them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

Key = ParamSpec("Key")
Value = TypeVar("Value")


def weakly_cached(make: Callable[Key, Value]) -> Callable[Key, Value]:
    """Like ``functools.cache``, but what nobody holds any more is let go. Two threads that ask at once may both make
    it; then one is kept."""
    kept: WeakValueDictionary[object, Value] = WeakValueDictionary()

    @wraps(make)
    def cached(*args: Key.args, **kwargs: Key.kwargs) -> Value:
        key = args, tuple(sorted(kwargs.items()))
        found = kept.get(key)
        return kept.setdefault(key, make(*args, **kwargs)) if found is None else found

    return cached
