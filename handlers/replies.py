"""What a handler says back, as a value; the dispatcher carries it to the right chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from scheduler.content import Button, Content


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A private one goes to the asker alone, where the channel can.

    Where it cannot, the asker is told in the group what `instead` says; by default, how to get
    the answer in private.
    """

    content: Content
    private: bool = False
    instead: str = ""


Replies = AsyncIterator[Reply]


def reply(text: str, *buttons: Button, private: bool = False, instead: str = "") -> Reply:
    """A reply of text, with buttons below it."""
    return Reply(Content(text, buttons=buttons), private=private, instead=instead)
