"""The room code: two minutes are valid, in any process that has the key."""

from installation.core.room_code import SECONDS, address, code, is_valid

KEY = b"k" * 32


def test_the_present_code_and_the_one_before_are_valid() -> None:
    early, late = code(KEY, 600.0), code(KEY, 600.0 + SECONDS - 0.01)
    assert early == late
    assert is_valid(KEY, early, 600.0 + 2 * SECONDS - 0.01)
    assert not is_valid(KEY, early, 600.0 + 2 * SECONDS)
    assert not is_valid(KEY, code(KEY, 600.0 + SECONDS), 600.0)


def test_a_code_is_short_and_of_one_key() -> None:
    codes = {code(KEY, SECONDS * minute) for minute in range(100)}
    assert len(codes) == 100
    assert all(len(one) == 8 and one.isalnum() for one in codes)
    assert not is_valid(b"l" * 32, code(KEY, 0.0), 0.0)
    assert not any(is_valid(KEY, text, 0.0) for text in ("", "ééééé", "AAAAAAAA", "A" * 1000))


def test_the_address_has_the_code_in_it() -> None:
    made = address("http://192.0.2.1:8080/", KEY, 5.0)
    assert made == f"http://192.0.2.1:8080/?c={code(KEY, 5.0)}"
    assert address("http://a/?lang=nl", KEY, 5.0).startswith("http://a/?lang=nl&c=")
    assert address("http://a/", b"", 5.0) == "http://a/"
    assert address("", KEY, 5.0) == ""
