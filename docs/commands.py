"""The page of commands: what `handlers/registry.py` was told, as a table for each topic."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from handlers.arguments import Argument
from handlers.commands import REGISTRY
from handlers.help_topics import FANS_TOPIC, MANAGERS_TOPICS
from handlers.registry import Command
from handlers.wording import Say, wording

_PREFACE = """\
<!-- Written by `make docs` from the declarations in handlers/commands/. Change them there. -->

# Commands

A command begins with a slash and its name or its Chinese word: `/tag`, `/标签`, also with a
full-width slash or with the bot's name behind it (`/help@shop_bot`). The Chinese word alone at the
front of a message will do as well: for a fan where it is all that the message says, for a manager
where what follows is what the command takes. Everything else is talk.

Whoever uses a command that is not theirs gets the same answer as for one that does not exist.
Managers are answered in private wherever the platform allows it. Arguments in brackets may be left
out; names with blanks go in quotes: `/who @"小 鱼"`. A choice of groups ends with its line, so a
text that begins with @ or - itself goes on the next line.
"""
_HEAD = """\
| Command | Chinese | What it does | 做什么 | Example |
|---|---|---|---|---|"""


def commands_page() -> str:
    """Every command with its alias, usage and summary by topic, and how arguments are written."""
    chinese, english = wording("zh"), wording("en")
    parts = [_PREFACE]
    for topic in (FANS_TOPIC, *MANAGERS_TOPICS):
        whose = "everybody" if topic is FANS_TOPIC else "managers"
        title = f"## {english(topic.title)} · {topic.title}\n\nFor {whose}.\n"
        rows = [_row(one, chinese, english) for one in topic.commands()]
        parts.append("\n".join([title, _HEAD, *rows, ""]))
    parts.append("## How arguments are written\n\n| Argument | Chinese | |\n|---|---|---|")
    page = "\n".join(parts)
    kinds = dict.fromkeys(parameter.kind for one in REGISTRY for parameter in one.parameters)
    return "\n".join([page, *(_kind(kind, english) for kind in kinds), ""])


def _row(one: Command, chinese: Say, english: Say) -> str:
    return _cells(
        f"`{one.usage(english)}`",
        f"`{one.alias}`",
        _capital(english(one.summary)),
        chinese(one.summary),
        f"`{one.example}`",
    )


def _kind(kind: type[Argument], english: Say) -> str:
    paragraph = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    return _cells(f"`{english(kind.label)}`", f"`{kind.label}`", paragraph)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(_escaped(cells))} |"


def _escaped(cells: Iterable[str]) -> Iterable[str]:
    return (cell.replace("|", "\\|") for cell in cells)


def _capital(summary: str) -> str:
    return summary[:1].upper() + summary[1:]
