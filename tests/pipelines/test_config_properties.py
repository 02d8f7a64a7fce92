"""Whatever is typed as `key.sub=value`, it changes one setting or raises one InputError of one line."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fusion.command_line import parse_override
from fusion.errors import InputError
from pipelines.overrides import flatten, override

SETTINGS: dict[str, Any] = {
    "task": "detection",
    "device": "auto",
    "panels": 4,
    "seeds": [1, 2],
    "fusers": ["average"],
    "nothing": [],
    "unset": None,
    "flag": True,
    "data": {"name": "M3FD", "root": None, "split": "random", "seed": 0},
    "detector": {"epochs": 3, "learning_rate": 0.01, "weights": None, "extra": {"mosaic": 0.0, "deep": {"key": 1}}},
    "fuser_options": {"isfuse": {"weights": "isfuse"}},
    "variants": {},
    "training": {"teacher": None, "loss": {"edges": 1.0}, "schedule": {"epochs": 2}},
}
KEYS = [key for key, _ in flatten(SETTINGS)]

repeatable = settings(derandomize=True, deadline=None, max_examples=200, database=None)

texts = st.text(max_size=30)
parts = st.text(max_size=6) | st.sampled_from(["data", "detector", "extra", "fuser_options", "variants", "name", "a b"])
keys = st.sampled_from(KEYS) | texts | st.lists(parts, max_size=5).map(".".join)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.binary(max_size=4), texts
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(scalars | st.sampled_from(KEYS), inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def is_one_line(error: InputError) -> bool:
    return len(str(error).splitlines()) == 1 and bool(str(error).encode())


def change(found: dict[str, Any], key: str, value: Any) -> InputError | None:
    try:
        override(found, key, value)
    except InputError as error:
        return error
    return None


@repeatable
@given(
    argument=st.text() | st.tuples(texts, st.text()).map("=".join) | st.tuples(texts, values.map(repr)).map("=".join)
)
def test_any_argument_is_parsed_or_one_error(argument: str) -> None:
    try:
        key, _ = parse_override(argument)
    except InputError as error:
        message = error
    else:
        assert key
        assert argument.startswith(f"{key}=")
        return
    assert is_one_line(message)


EXTREMES = {
    "deep lists": "a=" + "[" * 100_000,
    "deep sums": "a=" + "-" * 100_000 + "1",
    "long integer": "a=" + "9" * 5000,
    "unhashable": "a={[]: 1}",
    "null": "a=\0",
    "only =": "=",
    "line break": "a\nb",
}


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_argument_is_parsed_or_one_error(name: str) -> None:
    try:
        key, _ = parse_override(EXTREMES[name])
    except InputError as error:
        message = error
    else:
        assert key == "a"
        return
    assert is_one_line(message)


@repeatable
@given(
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.lists(st.integers(), max_size=4)
)
def test_a_literal_is_parsed_as_itself(value: Any) -> None:
    assert parse_override(f"detector.epochs={value!r}") == ("detector.epochs", value)


@repeatable
@given(key=keys, value=values)
@example(key="", value=1)
@example(key=".", value=1)
@example(key="detector.extra.a\nb", value=1)
@example(key="fuser_options.isfuse.weights.deeper", value=1)
@example(key="detector", value={"epochs": {"deeper": 1}})
@example(key="detector", value={"epochs\n": 1})
@example(key="detector", value={3: 1})
@example(key="detector.epochs", value="\ud800\n")
@example(key="detector.learning_rate", value=10**400)
def test_any_value_changes_a_setting_or_gives_one_error(key: str, value: Any) -> None:
    found = copy.deepcopy(SETTINGS)
    error = change(found, key, value)
    assert error is None or is_one_line(error)
    assert found.keys() == SETTINGS.keys()  # no new section


@repeatable
@given(changes=st.lists(st.tuples(keys, values), min_size=2, max_size=4))
@example(changes=[("detector.extra.a\nb", 1), ("detector.extra.a\nb", "text")])
@example(changes=[("variants.a", 1), ("variants.a.b", 1)])
def test_any_changes_in_turn_are_made_or_give_one_error_each(changes: list[tuple[str, Any]]) -> None:
    found = copy.deepcopy(SETTINGS)
    for key, value in changes:
        error = change(found, key, value)
        assert error is None or is_one_line(error)


@repeatable
@given(key=st.sampled_from(KEYS), value=values)
def test_a_setting_keeps_its_type(key: str, value: Any) -> None:
    found = copy.deepcopy(SETTINGS)
    before = dict(flatten(found))[key]
    if change(found, key, value) is None and before not in (None, {}, []) and ".extra." not in key:
        assert type(dict(flatten(found))[key]) is type(before)
