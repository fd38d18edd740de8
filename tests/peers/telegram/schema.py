"""Checks values against the JSON Schema of the Bot API in `schema.json`.

Only the words are known that `generate_schema.mjs` writes: `type`, `const`, `enum`, `anyOf`,
`properties` with `required` and `additionalProperties: false`, `items`, `pattern`, `$ref`. A schema
becomes a function once, when it is first met: a busy test checks thousands of values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Check = Callable[[Any, str], str | None]
"""Takes a value and where it stands; gives what is wrong with it, or None."""

_DOCUMENT: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
SOURCE: str = _DOCUMENT["$comment"]
_METHODS: dict[str, dict[str, Any]] = _DOCUMENT["methods"]
_PREFIX = "#/$defs/"


def knows(method: str) -> bool:
    """Whether the Bot API has a method of this name."""
    return method in _METHODS


def wrong_with_request(method: str, parameters: Mapping[str, Any]) -> str | None:
    """What the Bot API does not know about these parameters; None if all is right."""
    if not knows(method):
        return f"there is no method {method}"
    return _check_of(method, "parameters")(parameters, method)


def wrong_with_result(method: str, result: Any) -> str | None:
    """Why the Bot API would not give this result to a call; None if it might."""
    return _check_of(method, "result")(result, f"{method} gives")


def wrong_with(type_: str, value: Any) -> str | None:
    """Why a value is none of a type of the Bot API, such as `Update`; None if it is."""
    return _definition(type_)(value, type_)


def kinds(method: str, parameter: str) -> frozenset[str]:
    """The JSON types that a method takes for a parameter; empty if it knows no such parameter."""
    properties = _METHODS.get(method, {}).get("parameters", {}).get("properties", {})
    return frozenset(_kinds(properties[parameter])) if parameter in properties else frozenset()


def _kinds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield from _kinds(_DOCUMENT["$defs"][schema["$ref"].removeprefix(_PREFIX)])
    elif "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from _kinds(part)
    elif "type" in schema:
        yield schema["type"]
    else:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        yield from (_kind_of(value) for value in values)


def _kind_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case dict():
            return "object"
        case list():
            return "array"
    return "null"


@cache
def _check_of(method: str, part: str) -> Check:
    return _compiled(_METHODS[method][part])


@cache
def _definition(name: str) -> Check:
    return _compiled(_DOCUMENT["$defs"][name])


def _compiled(schema: Mapping[str, Any]) -> Check:
    if "$ref" in schema:
        return _reference(schema["$ref"].removeprefix(_PREFIX))
    if "anyOf" in schema:
        return _any_of([_compiled(part) for part in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return _one_of(schema["enum"] if "enum" in schema else [schema["const"]])
    if schema["type"] == "object":
        return _object(schema)
    if schema["type"] == "array":
        return _array(_compiled(schema["items"]))
    return _plain(schema["type"], schema.get("pattern"))


def _reference(name: str) -> Check:
    def check(value: Any, place: str) -> str | None:
        return _definition(name)(value, place)  # not before: a type may hold itself

    return check


def _any_of(parts: list[Check]) -> Check:
    def check(value: Any, place: str) -> str | None:
        troubles = []
        for part in parts:
            trouble = part(value, place)
            if trouble is None:
                return None
            troubles.append(trouble)
        # The shape that fitted deepest is the one that was meant.
        return max(troubles, key=lambda trouble: trouble.partition(":")[0].count("."))

    return check


def _one_of(allowed: list[Any]) -> Check:
    def check(value: Any, place: str) -> str | None:
        if any(value == one and _kind_of(value) == _kind_of(one) for one in allowed):
            return None
        return f"{place}: {value!r} is none of {allowed}"

    return check


def _object(schema: Mapping[str, Any]) -> Check:
    properties = {name: _compiled(part) for name, part in schema["properties"].items()}
    required = tuple(schema["required"])

    def check(value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return f"{place}: {value!r} is no object"
        for name in required:
            if name not in value:
                return f"{place}: {name} is missing"
        for name, part in value.items():
            if name not in properties:
                return f"{place}: {name} is not known"
            trouble = properties[name](part, f"{place}.{name}")
            if trouble is not None:
                return trouble
        return None

    return check


def _array(item: Check) -> Check:
    def check(value: Any, place: str) -> str | None:
        if not isinstance(value, list):
            return f"{place}: {value!r} is no array"
        for number, one in enumerate(value):
            trouble = item(one, f"{place}.{number}")
            if trouble is not None:
                return trouble
        return None

    return check


def _plain(kind: str, pattern: str | None) -> Check:
    form = re.compile(pattern) if pattern else None

    def check(value: Any, place: str) -> str | None:
        if _kind_of(value) != kind:
            return f"{place}: {value!r} is no {kind}"
        if form is not None and not form.search(value):
            return f"{place}: {value!r} is not written as {pattern}"
        return None

    return check
