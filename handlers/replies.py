"""What a handler says back, as a value; the dispatcher carries it to the right chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from scheduler.content import Button, Content


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A private one goes to the asker alone, where the channel can.

    Where it cannot, the asker is told in the group what `instead` says; by default, how to get
    the answer in private. One that `replaces` takes the place of the message whose button was
    pressed: it must be one message. Many may be given a `quiet` one at once: where it cannot be
    said in private, the group is told how to get it once in a while, and nothing else.
    """

    content: Content
    private: bool = False
    instead: str = ""
    replaces: bool = False
    quiet: bool = False


Replies = AsyncIterator[Reply]


def reply(
    text: str,
    *buttons: Button,
    private: bool = False,
    instead: str = "",
    replaces: bool = False,
    quiet: bool = False,
) -> Reply:
    """A reply of text, with buttons below it."""
    content = Content(text, buttons=buttons)
    return Reply(content, private=private, instead=instead, replaces=replaces, quiet=quiet)
