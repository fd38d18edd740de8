"""Reads one call of the Bot API out of HTTP: the method, its parameters and the files with it.

A form carries everything as text; what a parameter means is known from the schema. A file that is
sent under its parameter's own name reads like one that is attached by name, as the API says.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.peers.telegram import schema

_PATH = re.compile(r"/bot([^/]+)/(\w+)")
_INTEGER = re.compile(r"-?\d+")
ATTACHED = "attach://"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What a bot asked for. `wrong` says what the Bot API's schema has against it."""

    token: str
    method: str
    parameters: Mapping[str, Any]
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    wrong: str | None = None


def read(path: str, content_type: str, body: bytes) -> Call | None:
    """The call in a request; None if its path leads to no method."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    token, method = found.groups()
    fields, uploads = _parts(content_type, body)
    parameters = {
        name: _meant(method, name, value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    for name in uploads:
        if schema.kinds(method, name):
            parameters[name] = ATTACHED + name
    wrong = schema.wrong_with_request(method, parameters) or _wrong_files(parameters, uploads)
    return Call(token, method, parameters, uploads, wrong)


def _parts(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, Upload]]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return json.loads(body), {}
    if kind != "multipart/form-data":
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    fields: dict[str, Any] = {}
    uploads: dict[str, Upload] = {}
    for part in email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        file = part.get_filename()
        if file is None:
            fields[name] = data.decode()
        else:
            uploads[name] = Upload(file, data)
    return fields, uploads


def _meant(method: str, name: str, written: str) -> Any:
    """The value that a form's text stands for."""
    kinds = schema.kinds(method, name)
    if "number" in kinds and _INTEGER.fullmatch(written):
        return int(written)
    if "boolean" in kinds and written in ("true", "false"):
        return written == "true"
    if kinds & {"object", "array"}:
        try:
            return json.loads(written)
        except ValueError:
            return written  # the schema will say what is wrong with it
    return written


def _wrong_files(parameters: Any, uploads: Mapping[str, Upload]) -> str | None:
    """Files that are spoken of and did not come, and files that came unasked for."""
    named = set(_attached(parameters))
    for name in sorted(named ^ set(uploads)):
        return f"{name}: {'did not come' if name in named else 'is a file nobody speaks of'}"
    return None


def _attached(value: Any) -> list[str]:
    match value:
        case str() if value.startswith(ATTACHED):
            return [value.removeprefix(ATTACHED)]
        case dict():
            return [name for part in value.values() for name in _attached(part)]
        case list():
            return [name for part in value for name in _attached(part)]
    return []
