"""What is shared lives as long as somebody uses it."""

import gc

from installation.core.weak_cache import weakly_cached


class Model:
    """Something that may be pointed at weakly."""


def test_one_is_made_for_all_and_anew_once_nobody_has_it() -> None:
    made: list[tuple[int, bool]] = []

    @weakly_cached
    def model(size: int, large: bool = False) -> Model:
        made.append((size, large))
        return Model()

    one = model(1)
    assert model(1) is one
    assert model(1, large=True) is not one
    assert made == [(1, False), (1, True)]
    del one
    gc.collect()
    assert model(1)
    assert made[2:] == [(1, False)]
