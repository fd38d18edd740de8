"""What a manager sees before saying yes: the words, whom they reach, and what will hold them up.

The words are rendered as they will be sent; what holds a post up is found in `lateness.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.coupon_texts import LONGEST_CODE
from handlers.desk import Desk
from handlers.lateness import Held, held, held_lines
from handlers.people_meant import spared_lines
from handlers.private_reach import Reached, reached_in_private
from handlers.replies import Reply, reply
from handlers.wording import Say
from scheduler.bodies import content_of, is_literal, is_personal, variants_of
from scheduler.campaigns import Campaign, Occurrence, occurrences_of
from scheduler.content import Content
from scheduler.courier import Limits
from scheduler.pieces import Misfit, Part, misfit
from scheduler.promotions import Promotion
from scheduler.templates import LONGEST_TEXT, TextTooLong
from storage import groups
from storage.audiences import Audience
from storage.groups import Group

_A_YEAR = timedelta(days=366)
_NAMES_SHOWN = 20  # a preview must fit into one message
_BRIEF = 500  # characters
_MANY = 12  # posts of which each gets one line
_SHORT = 48  # characters of such a line
_LONGEST_NAME = 64  # characters of what a fan is called


def to_come(campaign: Campaign, since: datetime, now: datetime) -> list[Occurrence]:
    """The posts after `since` that may still go out at `now`, up to a year ahead."""
    posts = occurrences_of(campaign, since, now + _A_YEAR)
    return [one for one in posts if one.not_after >= now]


def words_of(
    say: Say, body: Mapping[str, Any], slot: str, group: str, variant: str | None = None
) -> Content:
    """The message of one slot as this group gets it, or, of words to people, as a fan does."""
    if is_personal(body):
        return content_of(body, slot, say("小鱼"), in_private=True, variant=variant)
    return content_of(body, slot, group, variant=variant)


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
        first, *others = variants_of(body, "")
        lines = _said_once(desk, words_of(say, body, "", group, first), coming, brief=brief)
        for one in others:
            text = words_of(say, body, "", group, one).text
            lines.append(say("  {variant}：{text}", variant=one.upper(), text=text))
        return lines
    if not coming:
        return [say("{name}：从现在起没有要发的。", name=name)]
    if len(coming) <= _MANY:
        lines = [line for one in coming for line in _post_lines(desk, body, one, group)]
    else:
        lines = [_post_line(desk, body, one, group) for one in coming]
        lines = [line if len(line) <= _SHORT else f"{line[:_SHORT]}…" for line in lines]
    return [say("{name}，一共 {count} 条：", name=name, count=len(coming)), *lines]


def _post_lines(desk: Desk, body: Mapping[str, Any], one: Occurrence, group: str) -> list[str]:
    """A post of a programme: its moment and its words, each variant of them once."""
    say, private = desk.say, is_personal(body)
    name = say("小鱼") if private else group
    names = variants_of(body, one.slot)
    texts = [
        content_of(body, one.slot, name, in_private=private, variant=each).text for each in names
    ]
    mark = _picture_mark(desk, body, one.slot)
    if len(texts) == 1:
        return [f"· {desk.show_time(one.at)} {mark}{texts[0]}"]
    shown = [
        say("  {variant}：{text}", variant=each.upper(), text=text)
        for each, text in zip(names, texts, strict=True)
    ]
    return [f"· {desk.show_time(one.at)} {mark}".rstrip(), *shown]


def _post_line(desk: Desk, body: Mapping[str, Any], one: Occurrence, group: str) -> str:
    """One of many posts: its moment, its first words, and how many others there are."""
    count = len(variants_of(body, one.slot))
    several = desk.say("（{count} 种说法）", count=count) if count > 1 else ""
    text = words_of(desk.say, body, one.slot, group).text
    return f"· {desk.show_time(one.at)}{several} {_picture_mark(desk, body, one.slot)}{text}"


def _picture_mark(desk: Desk, body: Mapping[str, Any], slot: str) -> str:
    """That a post has a picture of its own."""
    return desk.say("[{mark}] ", mark=desk.say("配图")) if slot in body.get("pictures", {}) else ""


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


async def facts(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    next_post: Occurrence | None,
    *,
    audience: Audience,
    chosen: Sequence[Group],
    approved: bool = True,
) -> list[str]:
    """Whom a campaign reaches, what its promotion allows, and what holds its next post up.

    `chosen` are the groups that the audience comes to.
    """
    late: Sequence[Held] = ()
    if audience.segment is not None:
        found = await reached_in_private(
            desk, connection, campaign, next_post, audience, approved=approved
        )
        lines, late = reached_lines(desk, found), found.held
        lines += await spared_lines(connection, desk, audience.segment)
    else:
        lines = await _whom(desk, connection, chosen)
        if next_post is not None:
            late = await held(desk, connection, campaign, next_post, chosen, approved=approved)
    if campaign.promotion is not None:
        lines.append(promotion_line(desk, campaign.promotion))
    return [*lines, *held_lines(desk, late)]


async def late(
    desk: Desk,
    connection: AsyncConnection,
    campaign: Campaign,
    post: Occurrence,
    *,
    audience: Audience,
    chosen: Sequence[Group],
) -> list[Held]:
    """What holds up an approved post."""
    if audience.segment is None:
        return await held(desk, connection, campaign, post, chosen)
    found = await reached_in_private(desk, connection, campaign, post, audience)
    return list(found.held)


def reached_lines(desk: Desk, found: Reached) -> list[str]:
    """How many people get a private message, and how many do not, and why."""
    lines = [desk.say("私下发给 {count} 位粉丝，每人一条，不发到群里", count=found.fans)]
    return [*lines, *missed_lines(desk, found)]


def missed_lines(desk: Desk, found: Reached) -> list[str]:
    """How many people a private message does not reach, and why."""
    say, lines = desk.say, list[str]()
    if found.unreachable:
        lines.append(say("另有 {count} 位私聊发不到", count=found.unreachable))
    if found.opted_out:
        lines.append(say("另有 {count} 位退订了营销消息，不发", count=found.opted_out))
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
    if reached.in_several:
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
    several = len(promotion.late_nights) > 1
    sentence = "；{nights} 这几晚可以发到 24:00" if several else "；{nights} 这晚可以发到 24:00"
    return line + say(sentence, nights=nights)


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
    personal = is_personal(body)
    for group in chosen:
        name = "x" * _LONGEST_NAME if personal else group.name
        longest[group.account] = max(longest[group.account], name, key=len)
    slots = [""] if is_literal(body) else [one.slot for one in coming]
    texts = [(slot, variant) for slot in slots for variant in variants_of(body, slot)]
    for account, name in longest.items():
        sender = desk.senders.get(account)
        limits = Limits() if sender is None else sender.limits
        for slot, variant in texts:
            try:
                content = content_of(
                    body,
                    slot,
                    name,
                    in_private=personal,
                    variant=variant,
                    code="x" * LONGEST_CODE,
                )
            except TextTooLong:
                return too_long(desk)
            wrong = misfit(content, limits)
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


def wrong_braces_in_private(desk: Desk) -> Reply:
    """The same of words to people."""
    return reply(
        desk.say(
            "这段内容里的花括号没写对。私信里能用的只有 {fan}（称呼）、{shop}（店名）、"
            "{slogan}（口号）和 {coupon}（券码）。",
            fan="{{ fan }}",
            shop="{{ shop }}",
            slogan="{{ slogan }}",
            coupon="{{ coupon }}",
        ),
        private=True,
    )
