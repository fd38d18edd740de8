"""Numbers in place of buttons: what was offered last in a chat, and what a number chooses of it.

WeChat shows no buttons. A message lists its choices by number (`rendering.py`); who answers with
nothing but a number has chosen. An offer holds for a day, over restarts, until another follows it
in the same chat.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from scheduler.clock import Clock
from scheduler.courier import Address, chat_of
from storage import numbered_choices
from storage.database import Database
from storage.numbered_choices import Offer

HOLDS_FOR = timedelta(days=1)

_DIGITS = "一二三四五六七八九"
# A number as people type it on its own: 3, ３, ③, 三, 3. or 三、
_NUMBER = re.compile(
    rf"\(?(?:(?P<figures>[0-9]{{1,2}})|(?P<tens>[{_DIGITS}])?(?P<ten>十)?(?P<ones>[{_DIGITS}])?)"
    r"[).。、,!]*"
)


def number_in(text: str) -> int | None:
    """The number, 1 to 99, that a text consists of; None where it says anything else."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    if found["figures"]:
        return int(found["figures"]) or None
    tens, ten, ones = found["tens"], found["ten"], found["ones"]
    if tens and not ten:
        # Without 十 in between, one figure is a number and two are none.
        return None if ones else _value(tens)
    return (10 * (_value(tens) or 1) if ten else 0) + _value(ones) or None


def _value(figure: str | None) -> int:
    return _DIGITS.index(figure) + 1 if figure else 0


class Choices:
    """The choices that one account offers.

    Args:
        account: the account, `wechat:NAME`.
        database: where they are kept.
        clock: what time it is.
    """

    def __init__(self, account: str, database: Database, clock: Clock) -> None:
        self._account = account
        self._database = database
        self._clock = clock

    async def offer(self, address: Address, says: Sequence[str]) -> Offer | None:
        """Keep what the numbers from 1 on stand for in a chat from now on; what they did before."""
        chat = chat_of(str(address))
        async with self._database.writing() as connection:
            former = await numbered_choices.standing(connection, self._account, chat)
            await numbered_choices.offer(connection, self._account, chat, says, self._clock.now())
        return former

    async def take_back(self, address: Address, former: Offer | None) -> None:
        """The last offer was never shown: what stood before it holds again."""
        chat = chat_of(str(address))
        async with self._database.writing() as connection:
            if former is None:
                await numbered_choices.withdraw(connection, self._account, chat)
            else:
                await numbered_choices.offer(
                    connection, self._account, chat, former.choices, former.at
                )

    async def chosen(self, address: Address, text: str) -> str | None:
        """What a text chooses that was said in a chat; None where it is no number of a choice."""
        number = number_in(text)
        if number is None:
            return None
        since = self._clock.now() - HOLDS_FOR
        async with self._database.reading() as connection:
            says = await numbered_choices.offered(
                connection, self._account, chat_of(str(address)), since
            )
        return says[number - 1] if number <= len(says) else None
