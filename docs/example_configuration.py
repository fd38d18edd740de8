"""The example configuration: the settings model of `bot/configuration.py`, written out as TOML."""

from __future__ import annotations

import json
import textwrap
from pathlib import PurePath
from typing import Any

from pydantic import SecretStr

from bot.arrivals_section import ProductFeed
from bot.configuration import Configuration
from bot.sections import Section
from bot.telegram_section import Telegram
from bot.wechat_section import WeChat

_WIDTH = 96

_PREFACE = """\
# Every key of Nuanqun's configuration, with its default. Copy this file to nuanqun.toml and keep
# what differs. The environment goes before the file: NUANQUN_STORAGE__URL is `url` in [storage].
# Written by `make docs` from bot/configuration.py and the sections it is made of.
"""
# Sections that stand as often as there are accounts, and not at all by default: an example of each.
_ACCOUNTS: dict[str, type[Section]] = {
    "telegram": Telegram,
    "wechat": WeChat,
    "feeds": ProductFeed,
}


def example_configuration() -> str:
    """`config.example.toml`: each section with what it is for, each key with what it does."""
    parts = [_PREFACE.rstrip()]
    for name, field in Configuration.model_fields.items():
        if name in _ACCOUNTS:
            parts += _account(name, _ACCOUNTS[name])
            continue
        section = field.get_default()
        parts.append(f"\n# {type(section).__doc__}\n[{name}]")
        for key, one in type(section).model_fields.items():
            parts += [_comment(one.description or ""), _line(key, getattr(section, key))]
    return "\n".join(parts) + "\n"


def _account(name: str, kind: type[Section]) -> list[str]:
    """An account's section as an example: commented out, since there is none by default."""
    lines = [f"\n# {kind.__doc__}\n# [{name}.shop]"]
    for key, one in kind.model_fields.items():
        written = _line(key, one.get_default())
        lines += [_comment(one.description or ""), written if written[0] == "#" else f"# {written}"]
    return lines


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, _WIDTH))


def _line(key: str, value: Any) -> str:
    return f"# {key} =  (not set)" if value is None else f"{key} = {_toml(value)}"


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case SecretStr():
            return json.dumps(value.get_secret_value(), ensure_ascii=False)
        case PurePath() | str():
            return json.dumps(str(value), ensure_ascii=False)
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{_toml(k)} = {_toml(v)}' for k, v in value.items())}}}"
        case _:
            return str(value)
