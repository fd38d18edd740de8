"""Which members a text calls by name: `@小雨 看这里`."""

from __future__ import annotations

from collections.abc import Mapping

from bot.room.values import NAME_LENGTH, Person
from scheduler.content import Mention


def mentions_in(text: str, members: Mapping[str, Person]) -> tuple[Mention, ...]:
    """Each member called with an @, once, in the order of the text.

    Args:
        text: what was said.
        members: who can be called, by name. Of two names that fit, the longer is meant.
    """
    found: dict[str, Mention] = {}
    start = text.find("@")
    while start >= 0:
        for length in range(NAME_LENGTH, 0, -1):
            person = members.get(text[start + 1 : start + 1 + length])
            if person is not None:
                found.setdefault(person.id, Mention(person.id, person.name))
                break
        start = text.find("@", start + 1)
    return tuple(found.values())
