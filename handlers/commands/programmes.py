"""What the shop runs through the year: see it, switch it on and off, change one of its posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers import programme_posts
from handlers.arguments import Groups, PageNumber, Rest
from handlers.audiences import Chosen, ask_for_groups, chosen_or_here
from handlers.desk import Asked, Desk
from handlers.people_meant import unknown_lines
from handlers.programme_arguments import Deed, Doing, ProgrammeName
from handlers.programme_calendar import calendar_page, whole_entry
from handlers.programme_ended import how_it_is_off, parts_ended, who_ended
from handlers.programme_entries import Entry, entry_meant
from handlers.programme_facts import (
    Said,
    ask_for_facts,
    fact_invalid,
    facts_lines,
    missing_facts,
    read_facts,
    waiting_lines,
)
from handlers.programme_files import Shelf, is_greetings, is_over, shelf, title_of
from handlers.programme_past import day_is_over
from handlers.programme_pictures import picture_at
from handlers.programme_problems import unread_line
from handlers.programme_proposing import propose_on
from handlers.programme_wanted import plain_key
from handlers.programmes import meant_year, running_year, say_facts, turn_off
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button
from scheduler.programme import shipped_programmes
from scheduler.programme_parts import Programme
from storage import campaigns
from storage.audiences import resolve
from storage.errors import SchedulingError
from storage.running_programmes import RunningProgramme, programmes_ever_on
from storage.saved_segments import SavedSegmentUnknown
from storage.segment_language.trouble import SegmentUnreadable

_EXAMPLE = "/programme on double11 @所有群"
_DOUBLE_11 = "double11"
_BUTTONS = 12
_EXAMPLES: Mapping[Doing, str] = {
    Doing.ON: _EXAMPLE,
    Doing.OFF: "/programme off double11",
    Doing.TEXT: "/programme text double11 12 新的文案",
    Doing.MOVE: "/programme move double11 12 11-03 10:18",
    Doing.SKIP: "/programme skip double11 12",
    Doing.KEEP: "/programme keep double11 12",
    Doing.FACTS: "/programme facts double11 优惠=全店满199减30",
}


@command("programme", "方案", Role.MANAGER, "看方案、开方案、改里面的一条", _EXAMPLE)
async def programme_(  # noqa: PLR0917 (each is one word of the line)
    desk: Desk,
    asked: Asked,
    deed: Deed | None = None,
    name: ProgrammeName | None = None,
    page: PageNumber | None = None,
    groups: Groups | None = None,
    rest: Rest | None = None,
) -> Replies:
    """List the programmes, show one with every post, or do something to it.

    `on` and `off` switch one, `facts` says what the shop offers; `text`, `move`, `skip` and `keep`
    change one post, for this year only.
    """
    found = await shelf(desk)
    if name is None:
        if deed is not None:
            yield _wrong(desk, deed.doing)
            return
        yield await _listed(desk, found)
        return
    programme = found.named(name.written)
    if programme is None:
        is_off = deed is not None and deed.doing is Doing.OFF
        off = await _switch_off(desk, asked, name.written, name.written) if is_off else None
        yield off or _no_such(desk, found, name.written)
        return
    written = "" if rest is None else rest.text
    try:
        yield await _done(desk, asked, programme, deed, page=page, groups=groups, written=written)
    except (SchedulingError, SegmentUnreadable, SavedSegmentUnknown) as trouble:
        yield fact_invalid(desk, trouble)


@command(
    "double11",
    "大促",
    Role.MANAGER,
    "把今年的双11一次排好：写上店里的日子和优惠，看日历，确认",
    "/double11 @所有群 优惠=全店满199减30",
)
async def double11(
    desk: Desk, asked: Asked, groups: Groups | None = None, rest: Rest | None = None
) -> Replies:
    """Plan the year's Double-11 from the shop's dates and offers, and show the calendar."""
    programme = (await shelf(desk)).programmes[_DOUBLE_11]
    written = "" if rest is None else rest.text
    try:
        yield await _switch_on(desk, asked, programme, groups, written, call="/double11")
    except (SchedulingError, SegmentUnreadable, SavedSegmentUnknown) as trouble:
        yield fact_invalid(desk, trouble)


async def _done(
    desk: Desk,
    asked: Asked,
    programme: Programme,
    deed: Deed | None,
    *,
    page: PageNumber | None,
    groups: Groups | None,
    written: str,
) -> Reply:
    if deed is None:
        return await _shown(desk, programme, page, written)
    match deed.doing:
        case Doing.ON:
            call = f"/programme on {programme.key}"
            return await _switch_on(desk, asked, programme, groups, written, call=call)
        case Doing.OFF:
            name = title_of(programme, desk.shop)
            off = await _switch_off(desk, asked, programme.key, name)
            return off or reply(desk.say("「{name}」没有开着。", name=name), private=True)
        case Doing.FACTS:
            return await _tell_facts(desk, asked, programme, written)
        case doing:
            return await programme_posts.done(desk, asked, programme, doing, written)


async def _listed(desk: Desk, found: Shelf) -> Reply:
    """Every programme, and which are on."""
    say = desk.say
    async with desk.database.reading() as connection:
        ever = await programmes_ever_on(connection, desk.shop_id)
        keys = {one.key for one in ever if one.is_on}
        this_year = desk.shop.day_of(desk.clock.now()).year
        newest = {one.key: one for one in reversed(ever) if one.year >= this_year}
        off = {
            key: await how_it_is_off(connection, desk, one)
            for key, one in newest.items()
            if key not in keys
        }
    lines = [say("方案：")]
    for programme in found.programmes.values():
        on = programme.key in keys and await _lasts(desk, programme)
        stands = say("开着") if on else off.get(programme.key, say("没开"))
        lines.append(
            say(
                "· {name}（{key}）{stands}",
                name=title_of(programme, desk.shop),
                key=programme.key,
                stands=stands,
            )
        )
    if found.unread:
        call = "nuanqun doctor"
        lines += ["", say("这些文件读不了，怎么改看 {call}：", call=call)]
        lines += [unread_line(desk, one) for one in found.unread]
    lines += ["", say("看一个：/programme {key}", key=_DOUBLE_11)]
    lines.append(say("要开就发，例如：{example}", example=say(_EXAMPLE)))
    buttons = [
        Button(title_of(programme, desk.shop), f"/programme {programme.key}")
        for programme in _own_first(found)
    ]
    return reply("\n".join(lines), *buttons[:_BUTTONS], private=True)


def _own_first(found: Shelf) -> list[Programme]:
    """The shop's own programmes, and behind them those that come with the bot."""
    return sorted(found.programmes.values(), key=lambda one: one.key in shipped_programmes())


async def _lasts(desk: Desk, programme: Programme) -> bool:
    """Whether the year that is on has a day to come; of an unsound one it is taken to have."""
    try:
        _, running = await meant_year(desk, programme)
    except SchedulingError:
        return True
    return running is not None and running.is_on


async def _shown(desk: Desk, programme: Programme, page: PageNumber | None, written: str) -> Reply:
    """The calendar of a programme, or one of its posts whole."""
    say = desk.say
    year, running = await meant_year(desk, programme)
    title = title_of(programme, desk.shop, year)
    if is_greetings(programme):
        on = running is not None and running.is_on
        sentence = "「{name}」开着，要发的问候看 /plan。" if on else "「{name}」没开。"
        return reply(say(sentence, name=title), private=True)
    seen = await programme_posts.calendar(desk, programme, year, running)
    if written:
        one = entry_meant(seen.entries, written)
        if one is None:
            return programme_posts.no_such_post(desk, programme, written)
        body = seen.bodies.get(one.slot)
        picture = await picture_at(desk, programme, seen.plan, one.slot, body)
        return whole_entry(desk, programme, one, body, picture)
    on = running is not None and running.is_on
    head = await _ended(desk, running)
    head += [
        say("「{name}」开着：", name=title)
        if on
        else say("「{name}」没开，开了会这样发：", name=title)
    ]
    head += [] if on else day_is_over(desk, programme, seen.plan)
    tail = waiting_lines(desk, programme, seen.plan)
    more = seen.not_yet(desk.shop.local(desk.clock.now()).replace(tzinfo=None)) if on else 0
    if more:
        call = f"/programme on {programme.key}"
        tail.insert(0, say("现在还能补上 {count} 条，发 {call} 看看。", count=more, call=call))
    tail += await _unknown(desk, seen.entries)
    facts = {} if running is None else running.facts
    if programme.facts:
        tail = [say("店里的情况："), *facts_lines(desk, programme, year, facts), *tail]
    tail.append(say("看一条的全文：/programme {key} 1", key=programme.key))
    return calendar_page(desk, programme, seen.plan, seen.entries, page, head=head, tail=tail)


async def _ended(desk: Desk, running: RunningProgramme | None) -> list[str]:
    """Who switched a programme off, or refused or cancelled a part of it, and when."""
    if running is None or running.audience is None:
        return []
    async with desk.database.reading() as connection:
        if not running.is_on:
            return await who_ended(connection, desk, running)
        last = {
            plain_key(one.key): one for one in await campaigns.of_programme(connection, running.id)
        }
        return await parts_ended(connection, desk, list(last.values()))


async def _unknown(desk: Desk, entries: Sequence[Entry]) -> list[str]:
    """What the audiences of these posts name that the shop does not have, or not yet."""
    people = {
        one.audience.segment: one.name
        for one in entries
        if one.audience is not None and one.audience.segment is not None
    }
    async with desk.database.reading() as connection:
        return [
            line
            for segment, name in people.items()
            for line in await unknown_lines(connection, desk, segment, name)
        ]


async def _switch_on(
    desk: Desk,
    asked: Asked,
    programme: Programme,
    groups: Groups | None,
    written: str,
    *,
    call: str,
) -> Reply:
    """What switching it on would mean, once groups and needed facts are known."""
    year, running = await meant_year(desk, programme)
    said: Mapping[str, str | int | None] = {}
    if written:
        read = read_facts(desk, programme, year, written)
        if isinstance(read, Reply):
            return read
        said = read.facts
    if running is None and said and await is_over(desk, programme, year, said):
        year += 1  # only with what has just been said it is known that nothing is left of this one
        read = read_facts(desk, programme, year, written)
        if isinstance(read, Reply):
            return read
        said = read.facts
    chosen = await _groups(desk, asked, programme.key, groups, running, call=call, written=written)
    if isinstance(chosen, Reply):
        return chosen
    kept = await say_facts(desk, asked.actor, programme, year, said)
    missing = missing_facts(programme, kept.facts)
    if missing:
        last = await running_year(desk, programme.key)
        before = {} if last is None else last.facts
        again = f"{call} {chosen.written}"
        return await ask_for_facts(desk, programme, year, missing, again, before)
    return await propose_on(desk, asked, programme, kept, chosen)


async def _groups(
    desk: Desk,
    asked: Asked,
    key: str,
    groups: Groups | None,
    running: RunningProgramme | None,
    *,
    call: str,
    written: str,
) -> Chosen | Reply:
    """The groups that were named, else those it runs in or ran in, else those of the staff chat."""
    if running is None or running.audience is None:
        running = await running_year(desk, key)
    if groups is None and running is not None and running.audience is not None:
        async with desk.database.reading() as connection:
            meant = await resolve(connection, desk.shop_id, running.audience)
        if meant.groups:
            return Chosen(running.audience.written, running.audience, meant.groups)
    chosen = await chosen_or_here(desk, asked, groups)
    return await ask_for_groups(desk, asked, call, written) if chosen is None else chosen


async def _switch_off(desk: Desk, asked: Asked, key: str, name: str) -> Reply | None:
    """Switch a programme off, be its file gone; None where none of this key is on."""
    say, running = desk.say, await running_year(desk, key)
    if running is None:
        return None
    done = await turn_off(desk, asked.actor, key, running.year)
    if done is None:
        return None
    lines = [say("「{name}」关了，后面的都不发了。发出去的不受影响。", name=name)]
    if done.deliveries:
        lines.append(say("已经排好的 {count} 条也取消了。", count=done.deliveries))
    lines.append(say("要再开：{call}", call=f"/programme on {key}"))
    return reply("\n".join(lines), private=True)


async def _tell_facts(desk: Desk, asked: Asked, programme: Programme, written: str) -> Reply:
    say = desk.say
    year, running = await meant_year(desk, programme)
    if not written:
        facts = {} if running is None else running.facts
        lines = facts_lines(desk, programme, year, facts)
        title = say("「{name}」要知道的：", name=title_of(programme, desk.shop, year))
        none = say("「{name}」什么都不用说。", name=title_of(programme, desk.shop, year))
        return reply("\n".join([title, *lines]) if lines else none, private=True)
    said = read_facts(desk, programme, year, written)
    if not isinstance(said, Said):
        return said
    kept = await say_facts(desk, asked.actor, programme, year, said.facts)
    lines = [say("记下了。"), *facts_lines(desk, programme, year, kept.facts)]
    call = f"/programme on {programme.key}"
    sentence = "要让开着的方案按新的发：{call}" if kept.is_on else "要开：{call}"
    return reply("\n".join([*lines, say(sentence, call=call)]), Button(call, call), private=True)


def _no_such(desk: Desk, found: Shelf, written: str) -> Reply:
    for one in found.unread:
        if written.lower() in {one.file.lower(), one.file.lower().removesuffix(".toml")}:
            sentence = "这个方案的文件读不了，怎么改看 {call}："
            lines = [desk.say(sentence, call="nuanqun doctor"), unread_line(desk, one)]
            return reply("\n".join(lines), private=True)
    known = desk.listed(
        desk.say("{name}（{key}）", name=title_of(one, desk.shop), key=one.key)
        for one in found.programmes.values()
    )
    return reply(
        desk.say("没有叫「{name}」的方案。现有：{known}", name=written, known=known), private=True
    )


def _wrong(desk: Desk, doing: Doing) -> Reply:
    return reply(
        desk.say("还没说是哪个方案。可以这样写：{example}", example=desk.say(_EXAMPLES[doing])),
        private=True,
    )
