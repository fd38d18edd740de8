"""What of a text are the sender's own words: not what it quotes, and not the account's name. Pure.

WeChat has no marks beside a text. A message that answers another repeats it above a line of
dashes, and whoever is called by name stands in the text behind an @. The forms of quotes are those
that gateways make and that people's own WeChat wrote before them:

    「小雨：这个面霜油皮能用吗」          "小雨: 这个面霜油皮能用吗"
    - - - - - - - - - - - - - - -          ——————————
    可以的                                 可以的

Source of the first: `message-parser-refermsg.ts` of the puppets PadLocal and Wechat4u.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_QUOTES = {"「": "」", '"': '"', "“": "”"}
_LINE = re.compile(r"(?:[-－—–─]\s*){3,}")
_COLON = re.compile("[:：]")
BEHIND_A_NAME = "\u2005"
"""What WeChat writes behind the name of whom a message calls: a space of a quarter of an em."""
_ANYBODY = re.compile(rf"@[^@\n{BEHIND_A_NAME}]+{BEHIND_A_NAME}\s*")


@dataclass(frozen=True, slots=True)
class Answer:
    """A text's `own` words, and whose words above them it quotes; empty where it quotes nobody."""

    own: str
    quotes: str = ""

    @property
    def quoted(self) -> str:
        """The words that it quotes, as whoever said them wrote them themselves."""
        name_and_words = _COLON.split(self.quotes, maxsplit=1)
        return take_apart(name_and_words[-1][:-1]).own.strip() if self.quotes else ""


def take_apart(text: str) -> Answer:
    """A text's own words, without a quote above them.

    Where lines of dashes follow one another (a quote of a quote), the own words stand below the
    last one.
    """
    closing = _QUOTES.get(text[:1])
    if closing is None:
        return Answer(text)
    lines = text.split("\n")
    for place in range(len(lines) - 1, 0, -1):
        above = lines[place - 1].rstrip()
        if above.endswith(closing) and _LINE.fullmatch(lines[place].strip()):
            quoted = "\n".join(lines[:place])[1:]
            if _COLON.search(quoted):
                return Answer("\n".join(lines[place + 1 :]).strip(), quoted)
    return Answer(text)


def quotes_one_of(answer: Answer, names: Collection[str]) -> bool:
    """Whether it quotes somebody who is called by one of these names."""
    return any(_COLON.match(answer.quotes, len(name)) for name in names if _begins(answer, name))


def _begins(answer: Answer, name: str) -> bool:
    return bool(name) and answer.quotes.startswith(name)


@dataclass(frozen=True, slots=True)
class Call:
    """A text without the account's own name at its ends, and whether it was called by it."""

    text: str
    called: bool


def take_out_name(text: str, names: Collection[str], *, mentioned: bool) -> Call:
    """The words without `@name` in front or behind: `@暖暖 /help` asks for `/help`.

    Args:
        text: what was said.
        names: what the account is called there.
        mentioned: whether WeChat says that it is called by name, by whichever name.
    """
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    called = mentioned
    if known:
        end = rf"(?:[\s{BEHIND_A_NAME}]+|$)"
        called = called or re.search(f"@(?:{known}){end}", text) is not None
        cut = re.sub(rf"^\s*(?:@(?:{known}){end})+", "", text)
        cut = re.sub(rf"(?:@(?:{known}){end})+$", "", cut)
        if cut != text:
            return Call(cut.strip(), called)
    if mentioned:
        # By a name that nobody told us of. Of several who are called, it may be any.
        others = _ANYBODY.findall(text)
        if len(others) == 1 and text.startswith(others[0]):
            return Call(text.removeprefix(others[0]).strip(), called)
    return Call(text, called)
