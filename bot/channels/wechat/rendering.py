"""A content as WeChat can show it: a text, with names called and choices numbered. Pure.

WeChat has neither buttons nor captions. What is said of pictures stands in the text; buttons become
lines that one answers by a number; a link stands as it is. A name is called by `@name` and a blank
of its own width, beside which the gateway is told who is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.content import Button, Content, Mention

BEHIND_A_NAME = "\N{FOUR-PER-EM SPACE}"
"""What WeChat itself puts behind a name that is called; without it the name is plain text."""

# How one chooses: by the language, and by whether it is said in a group. There a bare number is
# what everybody says who wants to be counted (扣1), so that one has to call the bot.
_INVITATIONS = {
    ("zh", False): "回复数字：",
    ("zh", True): "@我 再加数字：",
    ("en", False): "Reply with a number:",
    ("en", True): "Mention me and add a number:",
}

_COLONS = {"zh": "：", "en": ": "}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, the ids of those it calls by name, and what each number from 1 on says."""

    text: str
    mentions: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


def rendered(content: Content, *, in_group: bool, language: str) -> Rendered:
    """The words of a content; empty where it is nothing but pictures.

    Args:
        content: what is to be said.
        in_group: whether it is said in a group: in private nobody is called by name.
        language: the shop's, `zh` or `en`.
    """
    words = [content.text, *(picture.caption for picture in content.pictures)]
    text = "\n".join(part for part in words if part)
    called = tuple[str, ...]()
    if in_group:
        text, called = _calling(text, content.mentions)
    choices = [one for one in content.buttons if not one.link]
    links = [f"{one.label}{_COLONS[language]}{one.link}" for one in content.buttons if one.link]
    lines = [text, *_numbered(text, choices, _INVITATIONS[language, in_group]), *links]
    return Rendered(
        "\n".join(line for line in lines if line), called, tuple(one.says for one in choices)
    )


def _numbered(text: str, choices: Sequence[Button], invitation: str) -> list[str]:
    """The choices as lines, without those that the text itself lists by the same number."""
    listed = set(text.splitlines())
    lines = [f"{number}. {one.label}" for number, one in enumerate(choices, 1)]
    missing = [line for line in lines if line not in listed]
    return [invitation, *missing] if lines else []


def _calling(text: str, mentions: Sequence[Mention]) -> tuple[str, tuple[str, ...]]:
    """The text with every `@name` as WeChat writes it, and the ids of those called, in order."""
    called = {one.name: one.person for one in mentions if one.name}
    if not called:
        return text, ()
    # Of two names that fit, the longer is meant.
    names = "|".join(re.escape(name) for name in sorted(called, key=len, reverse=True))
    pattern = re.compile(f"@({names})[ {BEHIND_A_NAME}]?")
    people = dict.fromkeys(called[found[1]] for found in pattern.finditer(text))
    return pattern.sub(lambda found: f"@{found[1]}{BEHIND_A_NAME}", text), tuple(people)
