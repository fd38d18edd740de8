"""Evens a chat text out before it is read, so that one thing is written one way.

Full-width letters become half-width, Latin letters small; links, mentions and invisible
characters go; a run such as 哈哈哈哈哈 or !!!! is cut short; an emoji becomes its meaning in the
bracket code of Chinese chat programs (👍 becomes [赞]) or goes. Chinese punctuation stays: it
borders the clauses. Normalising twice changes nothing more.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources

_LINK = re.compile(
    r"(?:https?://|www\.)[^\s\u3000-\u303f\u4e00-\u9fff，！？；：（）]+", re.IGNORECASE
)
# WeChat ends a mention with U+2005; others with a blank or the end of the text.
_MENTION = re.compile(r"@[^\s\u2005@，。！？,!?:：]{1,30}[\u2005\s]?")
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
)
_EMOJI = re.compile(
    "[\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_LETTER_RUN = re.compile(r"([^\W\d_])\1{2,}")
_MARK_RUN = re.compile(r"([^\w\s\[\]])\1+")
_PHRASE_RUN = re.compile(r"([\u4e00-\u9fff]{2,4}?|\[[\u4e00-\u9fff]{1,4}\])\1{2,}")

# Full-width forms lie 0xFEE0 above ASCII. These stay as they are: they border Chinese clauses.
_KEPT = frozenset("，！？；：（）")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in _KEPT} | {
    0x3000: 0x20,
    0xFFE5: 0xA5,
}


def _read_emoji() -> dict[str, str]:
    table = tomllib.loads(resources.files(__package__).joinpath("emoji.toml").read_text("utf-8"))
    return {emoji: f"[{meaning}]" for meaning, row in table.items() for emoji in row}


_MEANINGS = _read_emoji()


def normalise(text: str) -> str:
    """The normal form of one chat text.

    A run of one letter or Han character is cut to two (哈哈), of one punctuation mark to one, of
    a phrase (绝了绝了绝了) to one; digits are never touched, for 1000 is a price.
    """
    while (shorter := _once(text)) != text:
        # Taking something out can bring its neighbours together. Each round but a last one of
        # pure rewriting makes the text shorter, so this ends.
        text = shorter
    return text


def _once(text: str) -> str:
    text = text.translate(_HALF_WIDTH).lower()
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        text = _EMOJI.sub(_meaning, text)
        text = _PHRASE_RUN.sub(r"\1", text)
    if "://" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if "@" in text:
        text = _MENTION.sub(" ", text)
    text = _LETTER_RUN.sub(r"\1\1", text)
    text = _MARK_RUN.sub(r"\1", text)
    text = _LINES.sub("\n", _BLANKS.sub(" ", text))
    return text.strip()


def _meaning(match: re.Match[str]) -> str:
    return _MEANINGS.get(match.group(), "")
