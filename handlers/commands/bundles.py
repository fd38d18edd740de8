"""Which products belong together, from what fans name together, and a post about them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Groups, Unreadable, token
from handlers.audiences import ask_for_groups, chosen_or_here
from handlers.desk import Asked, Desk
from handlers.first_words import words_about
from handlers.inquiry import Inquiry, inquire, notes_on
from handlers.insight_arguments import PeriodWords, SegmentWord
from handlers.periods_read import understood
from handlers.proposing import broadcast_proposal, offered
from handlers.reading_days import read_some
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from insights.bundles import Bundle, find_bundles, named_baskets
from scheduler.content import Button, Content

_SHOWN = 5
_READ_AT_ONCE = 5_000  # messages that are read by the way, as for a report
_DRAFT_WORDS = frozenset({"draft", "起草"})
_PLUS = "+"
_BETWEEN = re.compile("[+＋]")


@dataclass(frozen=True, slots=True)
class DraftOf:
    """The products that a post is to be drafted about: `起草 面霜+精华`."""

    label: ClassVar[str] = "起草 商品+商品"
    written: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """The word, and the products to the end of the line, with + between them."""
        word, left = token(rest)
        if word.lower() not in _DRAFT_WORDS or not _parts(left):
            raise Unreadable("要起草的话，写成 起草 面霜+精华")
        return cls(left), ""

    def means(self, one: Bundle) -> bool:
        """Whether this names a bundle, its products in any order; a product may have a + itself."""
        return _parts(self.written) == _parts(_PLUS.join(one.products))


def _parts(written: str) -> list[str]:
    """What stands between the +, in order of the alphabet."""
    return sorted(filter(None, (part.strip() for part in _BETWEEN.split(written))))


@command(
    "bundles",
    "搭配",
    Role.MANAGER,
    "看哪些商品常被一起说起，起草一条搭配的消息",
    "/bundles 30",
)
async def bundles(  # noqa: PLR0917 (the command's arguments, in the order they are written)
    desk: Desk,
    asked: Asked,
    period: PeriodWords | None = None,
    groups: Groups | None = None,
    segment: SegmentWord | None = None,
    draft: DraftOf | None = None,
) -> Replies:
    """Products that the same fans name, with how much more often than chance explains.

    What is drafted is previewed and approved like any post.
    """
    inquiry = await inquire(desk, asked, period, groups, segment)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    found = await _found(desk, inquiry)
    if draft is None:
        yield await _shown(desk, inquiry, found)
        return
    meant = next((one for one in found if draft.means(one)), None)
    if meant is None:
        text = desk.say("这几样现在不算常被一起说起。发 /bundles 看哪些是。")
        yield reply(text, private=True)
        return
    words = words_about(desk.say, meant)
    chosen = await chosen_or_here(desk, asked, groups)
    if chosen is None:
        yield await ask_for_groups(desk, asked, "/broadcast", words)
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    proposal = broadcast_proposal(desk, asked, chosen, Content(words))
    yield await offered(desk, asked, chosen, proposal)


async def _found(desk: Desk, inquiry: Inquiry) -> Sequence[Bundle]:
    """The bundles of what fans named in the period."""
    await read_some(desk, inquiry.group_ids, inquiry.period, _READ_AT_ONCE)
    period = await understood(desk, inquiry.group_ids, inquiry.period, inquiry.members)
    return await asyncio.to_thread(lambda: find_bundles(named_baskets(period, desk.lexicon)))


async def _shown(desk: Desk, inquiry: Inquiry, found: Sequence[Bundle]) -> Reply:
    say, notes = desk.say, await notes_on(desk, inquiry)
    if not found:
        text = say("这几天还看不出哪些商品常被一起说起：要有 3 位以上粉丝都说到，才算得上。")
        return reply("\n".join([*notes, text]), private=True)
    shown = found[:_SHOWN]
    lines = [*notes, say("粉丝常一起说起的商品："), *(_line(desk, one) for one in shown)]
    buttons = [
        Button(
            say("起草：{products}", products=say("和").join(one.products)),
            f"/bundles {inquiry.written} draft {_PLUS.join(one.products)}",
        )
        for one in shown
    ]
    return reply("\n".join(lines), *buttons, private=True)


def _line(desk: Desk, one: Bundle) -> str:
    """A bundle in plain words: confidence, lift and support."""
    return desk.say(
        "· 说到{others}的 {all} 位里，{both} 位也说到{adds}（{confidence:.0%}），"
        "是一般粉丝的 {lift:.1f} 倍；一起说到的占 {support:.0%}",
        others=desk.say("和").join(one.others),
        all=round(one.baskets / one.confidence),
        both=one.baskets,
        adds=one.adds,
        confidence=one.confidence,
        lift=one.lift,
        support=one.support,
    )
