"""The bot's own words: every Chinese sentence has its English one, with the same facts."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import handlers
from handlers.wording import wording
from tests.handlers.sentences import CHINESE, sentences


def english() -> Catalog:
    """The catalogue as it is written."""
    with (Path(handlers.__file__).parent / "locale" / "en.po").open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def facts(sentence: str) -> list[str]:
    """The placeholders of a sentence, with how each is shown."""
    return sorted(
        f"{name}:{form}" for _, name, form, _ in string.Formatter().parse(sentence) if name
    )


def test_every_sentence_is_translated_and_none_besides() -> None:
    assert {one.id for one in english() if one.id} == set(sentences())


@pytest.mark.parametrize("one", [one for one in english() if one.id], ids=lambda one: one.id)
def test_a_translation_is_english_and_tells_the_same_facts(one: object) -> None:
    chinese, translated = getattr(one, "id"), getattr(one, "string")  # noqa: B009 (Babel's classes have no types for these)
    assert translated
    assert set(facts(translated)) == set(facts(chinese))
    assert not CHINESE.search(translated.replace("“", "").replace("”", ""))


def test_a_whole_sentence_stays_one() -> None:
    for chinese, translated in ((str(one.id), str(one.string)) for one in english() if one.id):
        if chinese.endswith("。"):
            assert translated.endswith((".", "?")), translated


@pytest.mark.parametrize("value", ["{", "}", "{name}", "{{ shop }}", "{0}", "%s", "{'"])
def test_what_people_write_is_never_read_as_a_sentence(value: str) -> None:
    for language in ("zh", "en"):
        say = wording(language)
        assert value in say("没有编号 {number} 的活动。发 /plan 看编号。", number=value)


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        wording("fr")
