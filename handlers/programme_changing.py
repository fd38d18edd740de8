"""What a manager sees before one post of a programme says something else, or at another moment.

It counts for this year only, and ends in the same yes and approval as any edit. What is planned
and approved, or has left, is not changed any more, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from handlers.campaign_wording import hits_of, wording_lines
from handlers.coupon_names import plainly
from handlers.coupon_texts import naming, settled
from handlers.desk import Asked, Desk
from handlers.moved_posts import is_of_many
from handlers.previews import in_one_message, to_come, too_much
from handlers.programme_drafts import REWRITTEN, says_then
from handlers.programme_entries import Entry, text_of
from handlers.programme_moving import (
    WordsThen,
    doubt_lines,
    ends_before,
    false_lines,
    words_then,
    wrong_there,
)
from handlers.programme_pictures import to_draw
from handlers.programme_proposing import buttons_for, question
from handlers.proposals import EDIT, TRIAL_ENDS, ask, edit_of, editable, what_then
from handlers.replies import Reply, reply
from scheduler.bodies import content_of
from scheduler.campaigns import Campaign
from scheduler.left_alone import would_be_left
from scheduler.open_moments import OpenMoments
from scheduler.planner import HORIZON
from scheduler.programme_parts import COUNTDOWN, Programme
from scheduler.programme_plan import ProgrammePlan
from scheduler.schedule_json import schedule_from_json
from scheduler.templates import LONGEST_TEXT, check
from scheduler.trial_plan import still_tested
from scheduler.wall_time import instant_of, zone_named
from scheduler.wording_rules import blocking
from storage import campaigns
from storage.audiences import resolve
from storage.content_versions import ContentVersion
from storage.errors import SchedulingError
from storage.quiet_days import quiet_days
from storage.single_posts import slot_stands

_SOON = HORIZON * 2
"""A post cannot be moved nearer than this: it must be confirmed and planned before its moment."""


async def propose_text(desk: Desk, asked: Asked, one: Entry, text: str) -> Reply:
    """Other words for one post, for this year only."""
    say, campaign = desk.say, one.campaign
    if campaign is None:
        return _not_planned(desk, one)
    if (late := await _too_late(desk, one)) is not None:
        return late
    if len(text) > LONGEST_TEXT:
        return reply(say("内容太长了，最多 {limit} 个字。", limit=LONGEST_TEXT), private=True)
    async with desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
    rewritten = list(dict.fromkeys([*body.get(REWRITTEN, ()), one.slot]))
    text, named = plainly(text)
    changed = {**body, "templates": {**body["templates"], one.slot: text}, REWRITTEN: rewritten}
    said: dict[str, Any] = naming(changed, named) if one.in_private else changed
    said.pop("overrides", None)
    name = say("小鱼") if one.in_private else say("群")
    try:
        check(text)
        shown = content_of(said, one.slot, name, in_private=one.in_private).text
    except SchedulingError:
        known = sorted({*body["variables"], *body.get("facts", {}).get(one.slot, {})})
        names = " ".join(
            f"{{{{ {each} }}}}" for each in [*known, "fan" if one.in_private else "group"]
        )
        return reply(
            say("这段内容里的花括号没写对。这一条能用的有：{names}", names=names), private=True
        )
    lines = [
        say(
            "{number} · {name}，{time} 发，改成：",
            number=one.number,
            name=one.name,
            time=_at(one.at),
        ),
        shown,
    ]
    return await _propose_edit(desk, asked, one, lines=lines, body=said)


async def propose_move(  # noqa: PLR0917 (a programme, one of its posts, and where it goes)
    desk: Desk,
    asked: Asked,
    programme: Programme,
    plan: ProgrammePlan,
    entries: Sequence[Entry],
    one: Entry,
    to: datetime,
) -> Reply:
    """Another moment for one post, for this year only; `to` is by the shop's clock."""
    say, campaign = desk.say, one.campaign
    if campaign is None:
        return _not_planned(desk, one)
    if (late := await _too_late(desk, one, moving=True)) is not None:
        return late
    if (why_not := await _no_moment(desk, plan, one, to)) is not None:
        return why_not
    moved = {**campaign.schedule.get("moved", {}), one.slot: to.isoformat(timespec="minutes")}
    schedule = {**campaign.schedule, "moved": moved}
    async with desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
    body = await _said_then(desk, programme, plan, one, body, to)
    name = say("小鱼") if one.in_private else say("群")
    try:
        content_of(body, one.slot, name, in_private=one.in_private)
    except SchedulingError:
        sentence = "{number} · {name} 说的是还有几天，移到那天就不对了。"
        return reply(say(sentence, number=one.number, name=one.name), private=True)
    then = words_then(desk, plan, body, one, to)
    if then.false and not one.rewritten:
        return _not_with_these_words(desk, one, campaign.programme, then, to)
    lines = [
        say(
            "{number} · {name}，从 {before} 改到 {after}：",
            number=one.number,
            name=one.name,
            before=_at(one.at),
            after=_at(to) if to.year == one.at.year else f"{to:%Y-%m-%d %H:%M}",
        ),
        text_of(desk, body, one.slot, in_private=one.in_private),
        *false_lines(desk, then.false, to),
        *doubt_lines(desk, then.doubtful),
        *wrong_there(desk, plan, entries, one.slot, to),
    ]
    return await _propose_edit(desk, asked, one, lines=lines, body=body, schedule=schedule)


async def _no_moment(desk: Desk, plan: ProgrammePlan, one: Entry, to: datetime) -> Reply | None:
    """Why a post does not go out at a moment; None where it may."""
    say, zone = desk.say, zone_named(desk.shop.zone)
    if instant_of(to, zone) < desk.clock.now() + _SOON:
        minutes = int(_SOON.total_seconds() // 60)
        return reply(
            say("来不及了：新的时间至少要在 {minutes} 分钟以后。", minutes=minutes), private=True
        )
    if (end := ends_before(plan, one.slot, to)) is not None:
        sentence = "{number} · {name} 说的事到 {end} 为止，移到那以后就不对了。"
        return reply(say(sentence, number=one.number, name=one.name, end=_at(end)), private=True)
    return await _closed(desk, plan, one, to)


async def _closed(desk: Desk, plan: ProgrammePlan, one: Entry, to: datetime) -> Reply | None:
    """Why nothing at all goes out then, and the nearest moment that is open; None where it may."""
    say, zone = desk.say, zone_named(desk.shop.zone)
    async with desk.database.reading() as connection:
        declared = await quiet_days(connection, desk.shop_id)
    moments = OpenMoments(desk.care, zone, plan.promotion, declared)
    if moments.on_quiet_day(to):
        why = say("{time} 这天不做营销，不会发出去。", time=_at(to))
    elif moments.in_quiet_hours(to):
        why = say("{time} 是免打扰时段，不会发出去。", time=_at(to))
    else:
        return None
    soon = desk.shop.local(desk.clock.now() + _SOON * 2).replace(tzinfo=None)
    other = moments.nearest(to, soon)
    if other is None:
        return reply(why, private=True)
    call = f"/programme move {plan.programme} {one.number} {_at(other)}"
    near = say("离它最近、能发的时间：{call}", call=call)
    return reply(f"{why}\n{near}", private=True)


def _not_with_these_words(desk: Desk, one: Entry, key: str, then: WordsThen, to: datetime) -> Reply:
    """The answer to a move that would make the file's words wrong."""
    say = desk.say
    text = f"/programme text {key} {one.number} " + say("新的文案")
    lines = [
        say("{number} · {name} 不能只改时间：", number=one.number, name=one.name),
        *false_lines(desk, then.false, to),
        say("先改文案，再改时间：{text}", text=text),
    ]
    if any(meant.fact for meant in then.false.values()):
        lines.append(say("要是那个日子变了，改店里的情况：/programme facts {key}", key=key))
    return reply("\n".join(lines), private=True)


async def _said_then(  # noqa: PLR0917 (as above)
    desk: Desk,
    programme: Programme,
    plan: ProgrammePlan,
    one: Entry,
    body: dict[str, Any],
    to: datetime,
) -> dict[str, Any]:
    """The body as it is when a post goes out on another day, its picture drawn anew."""
    later = (to.date() - one.at.date()).days
    if not later:
        return body
    body = says_then(body, one.slot, later)
    if not any(post.slot == one.slot and post.picture == COUNTDOWN for post in plan.posts):
        return body
    pictures = {slot: some for slot, some in body.get("pictures", {}).items() if slot != one.slot}
    if found := await to_draw(desk, programme, body["facts"][one.slot]):
        pictures[one.slot] = found
    return {**body, "pictures": pictures}


async def _propose_edit(
    desk: Desk,
    asked: Asked,
    one: Entry,
    *,
    lines: list[str],
    body: dict[str, Any],
    schedule: dict[str, Any] | None = None,
) -> Reply:
    """What one post would be from now on, and the question."""
    campaign, now = one.campaign, desk.clock.now()
    if campaign is None:
        raise LookupError(one.slot)
    giving = await settled(desk, body)
    if isinstance(giving, Reply):
        return giving
    body = giving.body
    tested, body = "test" in body, still_tested(body)
    async with desk.database.writing() as connection:
        meant = await resolve(connection, desk.shop_id, campaign.audience)
        value = Campaign(
            key=campaign.key,
            programme=campaign.programme,
            name=campaign.name,
            schedule=schedule_from_json(schedule or campaign.schedule),
            zone=campaign.zone,
            valid_for=timedelta(seconds=campaign.valid_seconds),
        )
        posts = [post for post in to_come(value, now, now) if post.slot == one.slot]
        wrong = too_much(desk, body, posts, meant.groups)
        if wrong is not None:
            return wrong
        edit = edit_of(
            campaign, body, campaign.audience, meant.groups, schedule=schedule, slot=one.slot
        )
        number = await ask(connection, asked, EDIT, asdict(edit), now)
        hits = await hits_of(desk, connection, [body], {group.account for group in meant.groups})
        held = bool(blocking(hits))
        then = [
            desk.say("只改今年的这一条，别的不变"),
            *giving.lines,
            *([desk.say(TRIAL_ENDS)] if tested and "test" not in body else []),
            *wording_lines(desk, hits),
            *(another := await what_then(connection, desk)),
        ]
        if another and is_of_many(campaign):
            proposed = ContentVersion(body, campaign.audience, schedule or campaign.schedule)
            alone = await would_be_left(connection, campaign, proposed)
            then.append(
                desk.say("批准之前，改过的等着，同一组里没改的照常发")
                if alone
                else desk.say("批准之前，同一组里其他还没发的也会等着")
            )
    return reply(
        in_one_message(desk, lines, ["", *then, question(desk, number, held=held)]),
        *buttons_for(desk, number, held=held),
        private=True,
    )


async def _too_late(desk: Desk, one: Entry, *, moving: bool = False) -> Reply | None:
    """Why a post cannot be changed any more; None while it can.

    One whose moment passed before it was planned can still be moved, and then goes out.
    """
    say, campaign = desk.say, one.campaign
    if campaign is None:
        return _not_planned(desk, one)
    if one.skipped:
        return reply(
            say(
                "{number} · {name} 已经跳过了。先恢复它：/programme keep {call}",
                number=one.number,
                name=one.name,
                call=f"{campaign.programme} {one.slot}",
            ),
            private=True,
        )
    async with desk.database.reading() as connection:
        stands = await slot_stands(connection, campaign.id, one.slot)
    if stands.gone:
        return reply(
            say("{number} · {name} 已经发出去了，改不了。", number=one.number, name=one.name),
            private=True,
        )
    now = desk.shop.local(desk.clock.now())
    over = one.at <= now and not one.waits
    if over and not moving and not stands.planned:
        return reply(
            say(
                "{number} · {name} 的时间（{time}）已经过了，没有发。要发就改时间：{call}",
                number=one.number,
                name=one.name,
                time=_at(one.at),
                call=f"/programme move {campaign.programme} {one.number} {_at(now + _SOON * 2)}",
            ),
            private=True,
        )
    if stands.approved or (over and stands.planned) or not editable(desk, campaign):
        return reply(
            say(
                "来不及了：{number} · {name} 已经排好，马上就发。"
                "不想发了，发 /programme skip {call}",
                number=one.number,
                name=one.name,
                call=f"{campaign.programme} {one.slot}",
            ),
            private=True,
        )
    return None


def _not_planned(desk: Desk, one: Entry) -> Reply:
    """The answer about a post that no campaign has: the programme is off, or its date open."""
    if one.provisional:
        sentence = "{number} · {name} 还没定下来：它要等官方的时间。"
    else:
        sentence = "{number} · {name} 还没启用。先开方案，再改里面的一条。"
    return reply(desk.say(sentence, number=one.number, name=one.name), private=True)


def _at(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"
