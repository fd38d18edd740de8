"""What the accounts' page says of each account: a pure step from what is stored to a card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.room.page_text import Words
from handlers.reasons import why_offline, words_for
from handlers.wording import Say
from storage.accounts import Account, State

_SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Card:
    """One account. `mark` is what it is, a key of the page's words; `code` is to be scanned."""

    account: str
    mark: str
    lines: tuple[str, ...]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """How a page speaks: its own words, the bot's, and moments by the shop's clock."""

    words: Words
    say: Say
    show_time: Callable[[datetime], str]


def card(name: str, known: Account | None, speech: Speech, *, served: bool) -> Card:
    """The card of an account.

    Args:
        name: the account's name.
        known: what is stored of it; None before it was ever served.
        speech: how the page speaks.
        served: whether some process hears and speaks through it; what is stored may be past else.
    """
    words, state = speech.words, None if known is None else known.state
    if not served:
        mark, lines, code = "unserved", [words("away")], None
    elif state is None:  # its platform says nothing of it, or has not yet
        mark, lines, code = "online", [], None
    else:
        mark, lines, code = state.state, _standing(state, speech), state.code
    if known is not None and known.stopped_at is not None:
        why, time = words_for(speech.say, known.stop_reason), speech.show_time(known.stopped_at)
        lines.append(words("to_lift", why=why, time=time, account=name))
        mark = "stopped" if mark == "online" else mark
    return Card(name, mark, tuple(lines), code if mark == _SCAN else None)


def _standing(state: State, speech: Speech) -> list[str]:
    """What an account is to its platform, since when and why, and what is to be done."""
    words = speech.words
    lines = [words("since", time=speech.show_time(state.since))]
    if state.me_name:
        lines.insert(0, words("me", name=state.me_name))
    if state.reason:
        lines.append(words("why", why=why_offline(speech.say, state.reason)))
    if state.state == _SCAN:
        lines.append(words("to_scan" if state.code else "to_confirm"))
    return lines
