"""What a manager sees before saying yes: the words, whom they reach, and what will hold them up.

The words are rendered as they will be sent. What holds a post up is not guessed: the same
`decide` is asked that the sender asks, with the delivery that would be planned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.reasons import words_for
from handlers.replies import Reply, reply
from scheduler.bodies import content_of, is_literal
from scheduler.campaigns import Campaign, Occurrence, occurrences_of
from scheduler.content import Content
from scheduler.courier import Address, Limits
from scheduler.decide import Decision, Defer, History, Reason, Send, Skip, decide
from scheduler.pieces import Misfit, Part, misfit
from scheduler.promotions import Promotion
from scheduler.templates import LONGEST_TEXT
from storage import due, groups, lanes, shops
from storage.due import Due, Recipient
from storage.groups import Group
from storage.holds import HOLDS

_A_YEAR = timedelta(days=366)
_NAMES_SHOWN = 20  # a preview must fit into one message
_BRIEF = 500  # characters
_HELD_SHOWN = 8
_CAPS_LOOK_BACK = timedelta(days=7)


def to_come(campaign: Campaign, since: datetime, now: datetime) -> list[Occurrence]:
    """The posts after `since` that may still go out at `now`, up to a year ahead."""
    posts = occurrences_of(campaign, since, now + _A_YEAR)
    return [one for one in posts if one.not_after >= now]


def said(
    desk: Desk,
    name: str,
    body: Mapping[str, Any],
    coming: Sequence[Occurrence],
    group: str,
    *,
    brief: bool = False,
) -> list[str]:
    """What will be said, in the words of one group: a text, or a line for each post to come.

    With `brief` a long text is cut: for whoever has written it just now.
    """
    say = desk.say
    if is_literal(body):
        return _said_once(desk, content_of(body, "", group), coming, brief=brief)
    if not coming:
        return [say("{name}：从现在起没有要发的。", name=name)]
    lines = [
        f"· {desk.show_time(one.at)} {content_of(body, one.slot, group).text}" for one in coming
    ]
    return [say("{name}，一共 {count} 条：", name=name, count=len(coming)), *lines]


def _said_once(
    desk: Desk, content: Content, coming: Sequence[Occurrence], *, brief: bool
) -> list[str]:
    """A post word for word, with how many pictures, and its moment while that is to come."""
    say, text = desk.say, content.text
    if brief and len(text) > _BRIEF:
        text = say("{text}……（全文 {count} 字）", text=text[:_BRIEF], count=len(text))
    lines = [say("要发的内容：\n{text}", text=text)]
    if content.pictures:
        lines.append(say("配 {count} 张图", count=len(content.pictures)))
    if coming and coming[0].at > desk.clock.now():
        lines.append(say("定在 {time} 发", time=desk.show_time(coming[0].at)))
    return lines


@dataclass(frozen=True, slots=True)
class Held:
    """Groups that a post does not go out to at its moment, for one reason.

    Between `first` and `last` it goes out after all; both None: it is left out there, or waits
    for a person.
    """

    names: tuple[str, ...]
    reason: Reason
    first: datetime | None = None
    last: datetime | None = None


async def held(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    post: Occurrence,
    chosen: Collection[Group],
    *,
    approved: bool = True,
) -> list[Held]:
    """Which of the groups a post does not go out to at its moment (or now, if that is past)."""
    at = max(post.at, desk.clock.now())
    halted = await shops.halted_at(connection, desk.shop_id) is not None
    before = await due.addressed_groups(
        connection, [group.id for group in chosen], at - _CAPS_LOOK_BACK
    )
    rests = {
        account: await lanes.rest_of(connection, account)
        for account in sorted({group.account for group in chosen})
    }

    def decided() -> list[tuple[str, Decision]]:
        decisions = []
        for group in chosen:
            one = _imagined(campaign, post, group, approved=approved, halted=halted)
            rest = rests[group.account]
            history = History(before.get(group.id, ()), rest.until if rest else None)
            sender = desk.senders.get(group.account)
            limits = sender.limits if sender is not None else Limits()
            decision = decide(one, one.recipient, limits, history, desk.care, at)
            decisions.append((group.title, decision))
        return decisions

    return _by_reason(await asyncio.to_thread(decided))


def _by_reason(decisions: Iterable[tuple[str, Decision]]) -> list[Held]:
    """What is not simply sent, each reason with its groups."""
    found: dict[tuple[Reason, bool], list[tuple[str, datetime | None]]] = {}
    for name, decision in decisions:
        match decision:
            case Defer(until, reason):
                passes = reason not in HOLDS
                times = found.setdefault((reason, passes), [])
                times.append((name, until if passes else None))
            case Skip(reason):
                found.setdefault((reason, False), []).append((name, None))
            case Send():
                pass
    return [_held(reason, some) for (reason, _), some in found.items()]


def _held(reason: Reason, some: Sequence[tuple[str, datetime | None]]) -> Held:
    times = [until for _, until in some if until is not None]
    names = tuple(name for name, _ in some)
    return Held(names, reason, min(times, default=None), max(times, default=None))


def _imagined(
    campaign: Campaign, post: Occurrence, group: Group, *, approved: bool, halted: bool
) -> Due:
    """The delivery that will be planned for a group, so that lots fall as they will fall then."""
    address = str(Address(group=group.chat, topic=group.topic))
    return Due(
        id=0,
        key=f"{campaign.key}/{post.slot}/{group.account}/{address}",
        campaign_id=0,
        campaign_key=campaign.key,
        campaign_state=campaign.state.value,
        halted=halted,
        approved=approved,
        hold_out=0,
        promotion=campaign.promotion.to_json() if campaign.promotion else None,
        version_id=0,
        slot=post.slot,
        address=address,
        member_id=None,
        priority=campaign.priority,
        not_before=post.at,
        not_after=post.not_after,
        tries=0,
        resent=False,
        recipient=Recipient(
            group_id=group.id,
            name=group.name,
            zone=group.zone,
            present=group.present,
            muted=group.is_muted(post.at),
        ),
    )


def held_lines(desk: Desk, found: Iterable[Held]) -> list[str]:
    """What will be late or left out, and why; nothing where all goes out in time."""
    say = desk.say
    lines = []
    for one in found:
        names = desk.listed(one.names, _HELD_SHOWN)
        why = words_for(say, one.reason)
        if one.first is not None and one.last is not None:
            first, last = desk.show_time(one.first), desk.show_time(one.last)
            when = first if first == last else say("{first} 到 {last}", first=first, last=last)
            lines.append(say("· {names}：{why}，{when} 再发", names=names, why=why, when=when))
        elif one.reason in HOLDS:
            lines.append(say("· {names}：{why}", names=names, why=why))
        else:
            lines.append(say("· {names}：{why}，这次不发", names=names, why=why))
    return [say("照现在的情形，这些群不会准时收到："), *lines] if lines else []


async def facts(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    next_post: Occurrence | None,
    chosen: Sequence[Group],
    *,
    approved: bool = True,
) -> list[str]:
    """Whom a campaign reaches, what its promotion allows, and what holds its next post up."""
    lines = await _whom(desk, connection, chosen)
    if campaign.promotion is not None:
        lines.append(promotion_line(desk, campaign.promotion))
    if next_post is not None:
        late = await held(desk, connection, campaign, next_post, chosen, approved=approved)
        lines += held_lines(desk, late)
    return lines


async def _whom(desk: Desk, connection: AsyncConnection, chosen: Sequence[Group]) -> list[str]:
    """Which groups a post goes to, and how many fans they hold."""
    say = desk.say
    reached = await groups.reach(connection, [group.id for group in chosen])
    names = desk.listed((group.title for group in chosen), _NAMES_SHOWN)
    lines = [
        say("发到 {count} 个群：{names}", count=len(chosen), names=names),
        say("共 {fans} 位粉丝", fans=reached.fans),
    ]
    if len(chosen) > 1:
        lines.append(say("其中 {several} 位不止在一个群，会看到几次", several=reached.in_several))
    return lines


def promotion_line(desk: Desk, promotion: Promotion) -> str:
    """What a promotion window allows beyond the ordinary."""
    say = desk.say
    line = say(
        "大促时段 {first:%m-%d} 至 {last:%m-%d}："
        "每个群 24 小时最多 {a_day} 条，7 天最多 {a_week} 条",
        first=promotion.first_day,
        last=promotion.last_day,
        a_day=promotion.posts_a_day,
        a_week=promotion.posts_a_week,
    )
    if not promotion.late_nights:
        return line
    nights = desk.listed(f"{night:%m-%d}" for night in promotion.late_nights)
    return line + say("；{nights} 这几晚可以发到 24:00", nights=nights)


def in_one_message(desk: Desk, head: Sequence[str], tail: Sequence[str]) -> str:
    """Lines as one message: all of `tail`, and as much of `head` as there is room for."""
    text, end = "\n".join(head), "\n".join(["", *tail])
    if fits(head, tail):
        return text + end
    more = "\n" + desk.say("……")
    return text[: LONGEST_TEXT - len(end) - len(more)] + more + end


def fits(head: Sequence[str], tail: Sequence[str]) -> bool:
    """Whether so many lines are one message without leaving anything out."""
    return len("\n".join([*head, *tail])) <= LONGEST_TEXT


def too_long(desk: Desk, limit: int = LONGEST_TEXT) -> Reply:
    """The answer to a text that fits into no message."""
    return reply(desk.say("内容太长了，最多 {limit} 个字。", limit=limit), private=True)


def too_much(
    desk: Desk, body: Mapping[str, Any], coming: Iterable[Occurrence], chosen: Collection[Group]
) -> Reply | None:
    """The answer to what a platform of these groups does not take as one message; None: it does.

    What is planned is never split: a post that is taken back, counted or resent is one.
    """
    longest = {group.account: "" for group in chosen}
    for group in chosen:
        longest[group.account] = max(longest[group.account], group.name, key=len)
    slots = [""] if is_literal(body) else [one.slot for one in coming]
    for account, name in longest.items():
        sender = desk.senders.get(account)
        limits = Limits() if sender is None else sender.limits
        for slot in slots:
            wrong = misfit(content_of(body, slot, name), limits)
            if wrong is not None:
                return _complaint(desk, wrong)
    return None


def _complaint(desk: Desk, wrong: Misfit) -> Reply:
    match wrong.part:
        case Part.TEXT:
            return too_long(desk, wrong.most)
        case Part.CAPTION:
            sentence = "配图的时候文字最多 {limit} 个字。"
        case Part.PICTURES:
            sentence = "图太多了，一条最多 {limit} 张。"
        case Part.BUTTONS:
            sentence = "带按钮的话，最多配 {limit} 张图。"
        case _:
            assert_never(wrong.part)
    return reply(desk.say(sentence, limit=wrong.most), private=True)


def wrong_braces(desk: Desk) -> Reply:
    """The answer to a text whose braces are no template of ours."""
    return reply(
        desk.say(
            "这段内容里的花括号没写对。能用的只有 {days}（还有几天）、{shop}（店名）"
            "和 {group}（群名）。",
            days="{{ days }}",
            shop="{{ shop }}",
            group="{{ group }}",
        ),
        private=True,
    )
