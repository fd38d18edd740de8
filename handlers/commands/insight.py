"""What fans care about, mind, like, dislike and ask for, on demand; and in their own words."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from handlers.arguments import Groups, PageNumber
from handlers.compare_text import compare_text
from handlers.comparison import compared
from handlers.demand import report
from handlers.desk import Asked, Desk
from handlers.inquiry import Inquiry, inquire, notes_on
from handlers.insight_arguments import About, PeriodWords, SegmentWord
from handlers.narrative import narrate
from handlers.paging import Page, leafing, page_of, page_read, slice_of
from handlers.period import today
from handlers.pictures.picture import insight_picture
from handlers.previews import in_one_message
from handlers.quote_text import about_text, figures_of, quote_lines
from handlers.quoting import (
    Found,
    find_quotes,
    is_gone,
    masked,
    note_look,
    sees_names,
    tells_who,
    withheld_line,
)
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.report_text import report_text
from handlers.roles import Role
from scheduler.content import Button, Content
from storage.quotes import Said

_QUOTES = 8  # on a page
_FIGURES = 8  # buttons on a phone


@command("insights", "洞察", Role.MANAGER, "看粉丝关心、介意、喜欢、讨厌和想要什么", "/insights 7")
async def insights(
    desk: Desk,
    asked: Asked,
    period: PeriodWords | None = None,
    groups: Groups | None = None,
    segment: SegmentWord | None = None,
) -> Replies:
    """The demand report of a period: for the groups named, those here, or all of them.

    The text goes out at once; its picture, and what a model says of it, follow when they are ready.
    """
    inquiry = await inquire(desk, asked, period, groups, segment)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    found = await report(desk, inquiry.groups, inquiry.period, members=inquiry.members)
    names, notes = inquiry.group_names, await notes_on(desk, inquiry)
    if found.messages and tells_who(inquiry, found.speakers):
        found = found.with_quotes({})
        notes.append(withheld_line(desk, inquiry))
    yield reply(
        report_text(desk.say, found, inquiry.period, names, notes),
        *_further(desk, inquiry, one_group=groups is None, said=bool(found.messages)),
        private=True,
    )
    picture = await insight_picture(desk, found, inquiry.period, names)
    if picture is not None:
        yield Reply(Content("", pictures=(picture,)), private=True)
    narrative = await narrate(desk, found)
    if narrative is not None:
        yield reply(narrative, private=True)


def _further(desk: Desk, inquiry: Inquiry, *, one_group: bool, said: bool) -> list[Button]:
    """The buttons below a report: its quotes, the period before, one of its groups alone."""
    buttons = []
    if said:
        buttons.append(Button(desk.say("看原话"), f"/quotes {inquiry.written}"))
        buttons.append(Button(desk.say("对比上期"), f"/compare {inquiry.written}"))
    if one_group and len(inquiry.groups) > 1:
        segment = "" if inquiry.segment is None else f" {inquiry.segment.written}"
        asks = f"/choose /insights {inquiry.words.written}{segment}"
        buttons.append(Button(desk.say("只看一个群"), asks))
    return buttons


@command("compare", "对比", Role.MANAGER, "看两段时间有什么不同", "/compare 本周 上周")
async def compare(
    desk: Desk,
    asked: Asked,
    *,
    period: PeriodWords | None = None,
    against: PeriodWords | None = None,
    groups: Groups | None = None,
    segment: SegmentWord | None = None,
) -> Replies:
    """What grew and what faded between two periods; by default from the one right before.

    Of two that were named the later one is new, in whichever order they stand.
    """
    inquiry = await inquire(desk, asked, period, groups, segment)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    now = inquiry.period
    before = now.before() if against is None else against.meant(today(desk))
    if (before.last, before.first) > (now.last, now.first):
        now, before = before, now
    found = await report(desk, inquiry.groups, now, members=inquiry.members, against=before)
    other = await compared(desk, inquiry.group_ids, now, before, inquiry.members)
    notes = await notes_on(desk, inquiry)
    yield reply(
        compare_text(desk.say, found, now, other, inquiry.group_names, notes=notes),
        Button(desk.say("看原话"), f"/quotes {replace(inquiry, period=now).written}"),
        private=True,
    )


@command("quotes", "原话", Role.MANAGER, "看粉丝是怎么说的", "/quotes 气味 讨厌 7")
async def quotes(
    desk: Desk,
    asked: Asked,
    *,
    about: About | None = None,
    period: PeriodWords | None = None,
    groups: Groups | None = None,
    segment: SegmentWord | None = None,
    page: PageNumber | None = None,
) -> Replies:
    """The messages behind a figure, a page at a time; without one, the figures to choose from."""
    inquiry = await inquire(desk, asked, period, groups, segment)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    if about is None:
        yield await _figures(desk, inquiry, page)
        return
    part = slice_of(page, _QUOTES)
    found = await find_quotes(desk, inquiry, about, skip=part.skip, most=part.most)
    if not found.tally.members:
        yield await _nobody(desk, inquiry, about)
        return
    names = sees_names(desk, asked)
    withheld = not names and tells_who(inquiry, found.speakers)
    shown = page_read([] if withheld else found.quotes, page, _QUOTES)
    if names and shown.rows:
        await note_look(desk, asked.actor, about.written, shown.rows)
    lines = [
        desk.say(
            "{about}：{speakers} 人说过（{first:%m-%d} 至 {last:%m-%d}）",
            about=about_text(desk.say, about),
            speakers=found.tally.speakers,
            first=inquiry.period.first,
            last=inquiry.period.last,
        ),
        *await notes_on(desk, inquiry),
        "",
        *(
            [withheld_line(desk, inquiry)]
            if withheld
            else await _said(desk, inquiry, found, shown, names=names)
        ),
    ]
    number = [] if shown.only else [desk.say("第 {number} 页", number=shown.number)]
    yield reply(
        in_one_message(desk, lines, number),
        *leafing(desk, shown, f"/quotes {about.written}", f" {inquiry.written}"),
        Button(desk.say("谁在意"), f"/concerned {about.written} {inquiry.written}"),
        Button(desk.say("回到报告"), f"/insights {inquiry.written}"),
        private=True,
        replaces=page is not None,
    )


async def _figures(desk: Desk, inquiry: Inquiry, page: PageNumber | None) -> Reply:
    """The figures of the report as buttons, each of which opens its quotes."""
    found = await report(desk, inquiry.groups, inquiry.period, members=inquiry.members)
    shown = page_of(figures_of(desk.say, found), page, _FIGURES)
    buttons = [
        Button(one.label, f"/quotes {one.about.written} {inquiry.written}") for one in shown.rows
    ]
    example = desk.say("/quotes 气味 讨厌 7")
    text = (
        desk.say("看哪一项的原话？点下面的，或者这样写：{example}", example=example)
        if shown.rows
        else desk.say("这几天还没有人说起什么。")
    )
    return reply(
        text,
        *buttons,
        *leafing(desk, shown, "/quotes", f" {inquiry.written}"),
        private=True,
        replaces=page is not None,
    )


async def _said(
    desk: Desk, inquiry: Inquiry, found: Found, page: Page[Said], *, names: bool
) -> list[str]:
    """A page of quotes in words; masked, unless whoever looks may see names."""
    if not page.rows:
        return [await _unquoted(desk, found, page.number)]
    several = len(inquiry.groups) > 1
    places = {group.id: group.name for group in inquiry.groups} if several else {}
    texts = {one.id: one.text for one in page.rows} if names else await masked(desk, page.rows)
    return quote_lines(desk, page.rows, texts, places, names=names)


async def _unquoted(desk: Desk, found: Found, page: int) -> str:
    """Why a page is empty though somebody is counted."""
    if not found.whole:
        return desk.say("这些人说的话太多，只翻了最近的。想看更早的，把时间写短一点。")
    if page > 1:
        return desk.say("后面没有了。")
    if await is_gone(desk, found.tally):
        return desk.say("原话已经过了保存的日子。")
    return desk.say("按现在的词，这些话不算了；旧消息重读完，人数也会跟着变。")


async def _nobody(desk: Desk, inquiry: Inquiry, about: About) -> Reply:
    """The answer where nobody speaks about a thing: what may have been meant, or what there is."""
    found = await report(desk, inquiry.groups, inquiry.period, members=inquiry.members)
    figures = figures_of(desk.say, found)
    things = [one.about.thing for one in figures] + [one.word for one in found.keywords]
    known = dict.fromkeys(thing for thing in things if thing)
    close = get_close_matches(about.thing, known, n=3, cutoff=0.4)
    text = desk.say("这几天没有人说起「{about}」。", about=about_text(desk.say, about))
    if close:
        text += desk.say("是不是：{things}？", things=desk.listed(close))
        return reply(
            text,
            *(Button(one, f"/quotes {About(one).written} {inquiry.written}") for one in close),
            private=True,
        )
    return reply(text, Button(desk.say("看有哪些"), f"/quotes {inquiry.written}"), private=True)
