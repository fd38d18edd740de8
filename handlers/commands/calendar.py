"""The shop's calendar: looking at it, days of mourning, the shop's own days, and unplanned care."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta

from handlers.arguments import Groups, PageNumber, Rest, Word, quoted
from handlers.audiences import ask_for_groups, chosen_or_here
from handlers.calendar_arguments import NO_SUCH_CARE, CareKind, DayRule
from handlers.day_arguments import Day, Days
from handlers.desk import Asked, Desk, shortened
from handlers.paging import PAGE, page_of, page_reply
from handlers.planned import Planned, coming
from handlers.proposals import proposal_for, propose
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.shop_calendar import calendar_between, day_words, own_days, rule_words
from scheduler.bodies import literal_body
from scheduler.care import care_text, kinds_of_care
from scheduler.content import Button, Content
from scheduler.priorities import Priority
from scheduler.quiet_days import CARE, may_be_heard, quiet_names
from scheduler.wall_time import instant_of, last_second_of, zone_named
from storage.quiet_days import Mourning, declare, mournings, withdraw
from storage.shop_days import ShopDay, drop_shop_day, keep_shop_day

_MOURN_EXAMPLE = "/mourn 12-05 全国哀悼日"
CARE_EXAMPLE = "/care 台风 @所有群 广东沿海"
_CARE_VALID = timedelta(hours=6)
_AHEAD = 60  # days of the calendar that are shown unless more are asked for
_YEAR = 366  # the most that can be asked for
_LONGEST_REASON = 60  # characters
_LONGEST_PLACE = 30


@command("calendar", "日历", Role.MANAGER, "看接下来的节日、静默日、店日和放假", "/calendar 90")
async def show_calendar(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    days: Days | None = None,
    page: PageNumber | None = None,
) -> Replies:
    """The days to come of which there is something to say, up to a year's."""
    first = desk.shop.day_of(desk.clock.now())
    last = first + timedelta(days=days.number if days is not None else _AHEAD)
    async with desk.database.reading() as connection:
        own = await own_days(connection, desk.shop_id)
        mourning = await mournings(connection, desk.shop_id, first)
    # The library of legal days takes a while when it is first asked.
    found = await asyncio.to_thread(
        calendar_between, desk.shop, desk.say, first, last, own=own, mourning=mourning
    )
    part = page_of(found, page)
    title = desk.say("{first} 到 {last}：", first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")
    lines, year = [title], first.year
    for one in part.rows:
        if one.day.year != year:
            year = one.day.year
            lines.append(desk.say("【{year} 年】", year=year))
        sentence, words = "{day}：{words}", desk.listed(one.words)
        lines.append(desk.say(sentence, day=day_words(desk.say, one.day), words=words))
    call = "/calendar" if days is None else f"/calendar {days.number}"
    year_ahead = () if days is not None else (Button(desk.say("看一年"), f"/calendar {_YEAR}"),)
    none = "\n".join([title, desk.say("没有节日，也没有放假。")])
    yield page_reply(desk, part, lines, *year_ahead, opening=call, empty=none, wanted=page)


@command("mourn", "哀悼", Role.MANAGER, "定一天哀悼日，那天不发推广", _MOURN_EXAMPLE)
async def mourn(
    desk: Desk, asked: Asked, day: Day | None = None, reason: Rest | None = None
) -> Replies:
    """Declare a day of mourning, and show what it holds back; without a day, list them."""
    say, now = desk.say, desk.clock.now()
    today = desk.shop.day_of(now)
    if day is None:
        yield await _mournings(desk, today) if reason is None else _no_day(desk)
        return
    meant = _date_of(day, today)
    if meant is None:
        sentence, example = "日历里没有「{day}」这一天。可以这样写：{example}", say(_MOURN_EXAMPLE)
        yield reply(say(sentence, day=day.written, example=example), private=True)
        return
    if meant < today:
        yield reply(say("{day} 已经过去了。", day=f"{meant:%Y-%m-%d}"), private=True)
        return
    why = (reason.text if reason is not None else say("哀悼"))[:_LONGEST_REASON]
    async with desk.database.writing() as connection:
        done = await declare(connection, desk.shop_id, Mourning(meant, why, asked.actor, now))
    if not done:
        yield reply(say("{day} 已经是哀悼日了。", day=f"{meant:%Y-%m-%d}"), private=True)
        return
    lines = [
        say(
            "记下了：{day} 是哀悼日（{why}）。那天不发推广和问候，订单通知和关怀照发。",
            day=f"{meant:%Y-%m-%d}",
            why=why,
        ),
        *await _held_then(desk, meant),
    ]
    back = Button(say("收回"), f"/unmourn {meant:%Y-%m-%d}")
    yield reply("\n".join(lines), back, private=True)


@command("unmourn", "取消哀悼", Role.MANAGER, "收回定过的哀悼日", "/unmourn 12-05", in_menu=False)
async def unmourn(desk: Desk, asked: Asked, day: Day) -> Replies:
    """Take a day of mourning back: what was put off for it is looked at anew at once."""
    say, now = desk.say, desk.clock.now()
    meant = _date_of(day, desk.shop.day_of(now))
    done = False
    if meant is not None:
        async with desk.database.writing() as connection:
            done = await withdraw(connection, desk.shop_id, meant, by=asked.actor, at=now)
    if meant is None or not done:
        sentence = "没有定过「{day}」这个哀悼日。定过的看 /mourn"
        yield reply(say(sentence, day=day.written), private=True)
        return
    sentence = "{day} 不再是哀悼日。还没过时的照原来的安排发，已经跳过的不补。"
    yield reply(say(sentence, day=f"{meant:%Y-%m-%d}"), private=True)


def _no_day(desk: Desk) -> Reply:
    example = desk.say(_MOURN_EXAMPLE)
    text = desk.say("先写哪天，再写为什么，例如：{example}", example=example)
    return reply(text, private=True)


def _date_of(day: Day, today: date) -> date | None:
    try:
        return day.after(today)
    except ValueError:
        return None


async def _mournings(desk: Desk, today: date) -> Reply:
    """The declared days to come, and the next quiet days of the calendar."""
    say = desk.say
    async with desk.database.reading() as connection:
        declared = await mournings(connection, desk.shop_id, today)
    lines = [
        say("· {day}：{words}", day=day_words(say, one.day), words=one.reason) for one in declared
    ]
    place = 0 if desk.shop.language == "zh" else 1
    days = (today + timedelta(days=number) for number in range(366))
    lines += [
        say("· {day}：{words}（每年）", day=day_words(say, day), words=names[0][place])
        for day in days
        if (names := quiet_names(day))
    ]
    title = say("这些日子不发推广：")
    return reply(
        "\n".join([title, *lines, say("再定一天：{example}", example=say(_MOURN_EXAMPLE))]),
        private=True,
    )


async def _held_then(desk: Desk, day: date) -> list[str]:
    """What of the campaigns that stand would have gone out on this day, and will not."""
    zone = zone_named(desk.shop.zone)
    begins = instant_of(datetime.combine(day, time.min), zone) - timedelta(microseconds=1)
    posts: list[Planned] = [
        one
        for one in await coming(desk, begins, last_second_of(day, zone))
        if one.campaign_id is not None and not may_be_heard(one.programme, one.slot)
    ]
    if not posts:
        return [desk.say("那天本来也没有排推广。")]
    rows = [f"· {one.at:%H:%M} {shortened(one.campaign)}" for one in posts[:PAGE]]
    title = desk.say(
        "那天排着 {count} 条，都先不发（过时作废，来得及的第二天早上再发）：", count=len(posts)
    )
    return [title, *rows]


@command(
    "shopday", "店日", Role.MANAGER, "记下店里自己的日子，到时问候", "/shopday 店庆 2016-10-18"
)
async def shopday(
    desk: Desk, asked: Asked, name: Word | None = None, when: DayRule | None = None
) -> Replies:
    """Keep a day of the shop's own; without one, list them."""
    say = desk.say
    if name is None:
        yield await _shop_days(desk)
        return
    if when is None:
        example = say("/shopday 店庆 2016-10-18")
        yield reply(say("先写叫什么，再写哪天，例如：{example}", example=example), private=True)
        return
    day = when.named(name.text)
    async with desk.database.writing() as connection:
        kept = ShopDay(day.name, day.kind.value, day.rule)
        await keep_shop_day(connection, desk.shop_id, kept, by=asked.actor, at=desk.clock.now())
    lines = [say("记下了：{name}，{when}。", name=day.name, when=rule_words(say, day))]
    lines.append(say("开着节日问候（/programme）的话，到时会提前几天把问候拿来给你看。"))
    back = Button(say("收回"), f"/unshopday {quoted(day.name)}")
    yield reply("\n".join(lines), back, private=True)


@command(
    "unshopday", "取消店日", Role.MANAGER, "不再记店里的一个日子", "/unshopday 店庆", in_menu=False
)
async def unshopday(desk: Desk, asked: Asked, name: Word) -> Replies:
    """Keep a day of the shop's own no longer."""
    async with desk.database.writing() as connection:
        done = await drop_shop_day(
            connection, desk.shop_id, name.text, by=asked.actor, at=desk.clock.now()
        )
    sentence = "好的，「{name}」不再记了。" if done else "没有叫「{name}」的店日。发 /shopday 看。"
    yield reply(desk.say(sentence, name=name.text), private=True)


async def _shop_days(desk: Desk) -> Reply:
    say = desk.say
    async with desk.database.reading() as connection:
        own = await own_days(connection, desk.shop_id)
    lines = [say("· {name}：{when}", name=day.name, when=rule_words(say, day)) for day in own]
    title = say("店里自己的日子：") if own else say("还没有记店里自己的日子。")
    example = say("记一个：{example}", example=say("/shopday 店庆 2016-10-18"))
    return reply("\n".join([title, *lines, example]), private=True)


@command("care", "关怀", Role.MANAGER, "遇上台风、停运这样的事，发一条写好的关怀", CARE_EXAMPLE)
async def care(
    desk: Desk,
    asked: Asked,
    kind: CareKind | None = None,
    groups: Groups | None = None,
    place: Rest | None = None,
) -> Replies:
    """Preview one of the checked texts for groups; without a kind, list them."""
    if kind is None:
        unread = groups is not None or place is not None
        yield reply(desk.say(NO_SUCH_CARE), private=True) if unread else _kinds(desk)
        return
    where = place.text.strip() if place is not None else ""
    if len(where) > _LONGEST_PLACE:
        yield reply(
            desk.say("地方写短一点，例如：{example}", example=desk.say(CARE_EXAMPLE)), private=True
        )
        return
    chosen = await chosen_or_here(desk, asked, groups)
    if chosen is None:
        yield await ask_for_groups(desk, asked, f"/care {kind.care.name}", where)
        return
    if isinstance(chosen, Reply):
        yield chosen
        return
    text = care_text(kind.care, desk.shop.language, desk.shop.variables, where)
    name = kind.care.name if desk.shop.language == "zh" else kind.care.key
    proposal = proposal_for(
        asked,
        chosen,
        programme=CARE,
        name=f"{desk.say('关怀')} {name}",
        body=literal_body(Content(text)),
        valid_for=_CARE_VALID,
        priority=Priority.POST,
    )
    yield await propose(desk, asked, chosen, proposal)


def _kinds(desk: Desk) -> Reply:
    """What there are texts for, each with a button."""
    say = desk.say
    names = [one.name if desk.shop.language == "zh" else one.key for one in kinds_of_care()]
    lines = [
        say("写好的关怀有：{names}。", names=desk.listed(names)),
        say("发之前先给你看。可以写上地方：{example}", example=say(CARE_EXAMPLE)),
    ]
    buttons = [Button(name, f"/care {name}") for name in names]
    return reply("\n".join(lines), *buttons, private=True)
