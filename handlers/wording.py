"""The bot's own words: Chinese as written in the code, English from `locale/en.po`.

What the bot says is written in Chinese where it is said, so that the code reads as the chat
does; the Chinese sentence is the key of its translation (gettext's way, read by Babel). A test
keeps the English catalogue complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")

Say = Callable[..., str]
"""`say("已给 {name} 贴上标签", name="小鱼")`: the sentence in the shop's language, filled in."""


def wording(language: str) -> Say:
    """The words of one language.

    Raises:
        ValueError: the bot does not speak it.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no words for the language {language!r}")
    sentences: Mapping[str, str] = {} if language == "zh" else _catalogue(language)

    def say(sentence: str, /, **parts: object) -> str:
        return sentences.get(sentence, sentence).format(**parts)

    return say


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> Mapping[str, str]:
    with (Path(__file__).parent / "locale" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(one.id): str(one.string) for one in catalogue if one.id and one.string}
