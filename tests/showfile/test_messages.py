"""Every way in which an option can be wrong, in words: for any part that anybody writes."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from installation.core.durations import Seconds
from installation.core.errors import ModelError, Refused
from installation.showfile.messages import Finding, Unfit, key_text, shown, validate


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("expected an even number")
    return value


def _fits(value: str) -> str:
    if value == "model":
        raise ModelError("a.model: is truncated. Copy it again.")
    if value == "many":
        raise Unfit([Finding(("x",), "1", "2"), Finding(("y", 0), "3", "4", "did you mean it?")])
    raise Refused("something else", found="nothing of use")


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    depth: int = Field(1, ge=1)


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    real: float = Field(1.0, gt=0.0, lt=2.0)
    open_end: float = Field(1.0, ge=0.5)
    above: int = Field(1, gt=0)
    up_to: int = Field(1, le=9)
    time: Annotated[Seconds, Field(gt=0)] = 1.0
    maybe: float | None = Field(None, ge=0, le=1)
    either: Literal["a", "b"] | Annotated[int, Field(ge=0, le=7)] = "a"
    flag: bool = False
    text: str = Field("abc", min_length=2, max_length=4)
    code: str = Field("ab", pattern="^[a-z]+$")
    even: Annotated[int, AfterValidator(_even)] = 2
    own: Annotated[str | None, AfterValidator(_fits)] = None
    inner: Inner = Inner()
    several: tuple[Inner, ...] = ()
    pair: tuple[int, int] = (1, 2)
    names: list[str] = Field([], max_length=2)
    levels: dict[str, float] = {}
    known: frozenset[Literal["x", "y"]] = frozenset()

    @field_validator("flag")
    @classmethod
    def _kept(cls, flag: bool) -> bool:
        return flag


def told(**data: Any) -> list[str]:
    with pytest.raises(Unfit) as caught:
        validate(Options, data, {})
    return [f"{key_text(one.loc, data)}: {one.found} / {one.expected} / {one.hint}" for one in caught.value.findings]


CASES: list[tuple[dict[str, Any], str]] = [
    ({"real": 2}, "real: 2 / a number above 0 below 2 / "),
    ({"real": "1"}, 'real: "1" / a number above 0 below 2 / '),
    ({"real": True}, "real: true / a number above 0 below 2 / "),
    ({"real": float("nan")}, "real: nan / a number above 0 below 2 / "),
    ({"open_end": 0}, "open_end: 0 / a number from 0.5 up / "),
    ({"above": 0}, "above: 0 / a whole number above 0 / "),
    ({"above": 1.5}, "above: 1.5 / a whole number above 0 / "),
    ({"up_to": 10}, "up_to: 10 / a whole number up to 9 / "),
    ({"time": "0 s"}, 'time: "0 s" / a time above 0 s / '),
    ({"time": "soon"}, 'time: "soon" / a time such as "4 min", "1 h 30 min", "40 s" or "250 ms" / '),
    ({"maybe": 2}, "maybe: 2 / a number from 0 to 1 / "),
    ({"maybe": "no"}, 'maybe: "no" / a number from 0 to 1 / '),
    ({"either": "aa"}, 'either: "aa" / "a" or "b" / did you mean "a"?'),
    ({"either": 8}, 'either: 8 / "a" or "b" or a whole number from 0 to 7 / '),
    ({"flag": "true"}, 'flag: "true" / true or false / '),
    ({"text": "a"}, 'text: "a" / text of at least 2 characters / '),
    ({"text": "abcde"}, 'text: "abcde" / text of no more than 4 characters / '),
    ({"text": 3}, "text: 3 / text in quotes / "),
    ({"code": "A"}, 'code: "A" / text that matches ^[a-z]+$ / '),
    ({"even": 3}, "even: 3 / an even number / "),
    ({"own": "model"}, 'own: "model" / one that can be used / a.model: is truncated. Copy it again.'),
    ({"own": "other"}, "own: nothing of use / something else / "),
    ({"inner": 3}, "inner: 3 / a table / "),
    ({"inner": {"depth": 0}}, "inner.depth: 0 / a whole number from 1 up / "),
    ({"inner": {"dept": 1}}, 'inner.dept: an unknown key / one of depth / did you mean "depth"?'),
    ({"several": {"depth": 1}}, "several: a table / a list of tables, each written in [[double brackets]] / "),
    ({"several": [{"name": "b", "depth": 1}]}, 'several[1] "b".name: an unknown key / one of depth / '),
    ({"pair": [1]}, "pair: [1] / a list of 2 whole numbers / "),
    ({"pair": [1, 2, 3]}, "pair: [1, 2, 3] / a list of 2 whole numbers / "),
    ({"pair": [1, "2"]}, 'pair[2]: "2" / a whole number / '),
    ({"names": "a"}, 'names: "a" / a list in brackets / '),
    ({"names": ["a", "b", "c"]}, 'names: ["a", "b", "c"] / no more than 2 values / '),
    ({"names": ["a", 2]}, "names[2]: 2 / text in quotes / "),
    ({"levels": {"a b": "c"}}, 'levels."a b": "c" / a number / '),
    ({"known": ["z"]}, 'known[1]: "z" / "x" or "y" / '),
]


@pytest.mark.parametrize(("data", "message"), CASES, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_each_error_in_words(data: dict[str, Any], message: str) -> None:
    assert told(**data) == [message]


def test_one_validator_may_find_several_things() -> None:
    assert told(own="many") == ["own.x: 1 / 2 / ", "own.y[1]: 3 / 4 / did you mean it?"]


def test_all_at_once() -> None:
    assert len(told(real=9, text=1, nothing=1, several=[{"depth": 0}, {"depth": 0}])) == 5


def test_what_fits_passes() -> None:
    made = validate(Options, {"pair": [3, 4], "either": 5, "time": "2 min", "known": ["x"], "real": 1}, {})
    assert (made.pair, made.either, made.time, made.known) == ((3, 4), 5, 120.0, {"x"})


def test_long_values_are_cut() -> None:
    assert shown("x" * 500) == '"' + "x" * 55 + " ..."
    assert shown(["é", 1.5, {}, True]) == '["é", 1.5, an empty table, true]'
