"""The commands that send: a broadcast, a countdown, greetings; each waits for a yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from itertools import accumulate

from handlers.arguments import Day, FestivalName, Groups, Number, Rest, quoted
from handlers.audiences import Chosen, ask_for_groups, chosen_groups
from handlers.desk import Asked, Desk
from handlers.proposals import (
    Confirmed,
    Expired,
    GroupsChanged,
    NothingAsked,
    Replaces,
    confirm,
    dismiss,
    proposal_for,
    propose,
)
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.bodies import content_of, literal_body, template_body
from scheduler.campaigns import Campaign, CampaignState, Occurrence, occurrences_of
from scheduler.content import Content
from scheduler.festivals import Region
from scheduler.programme import Programme, campaign_for, shipped_programmes
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Countdown, Festivals
from scheduler.templates import LONGEST_TEXT, TextTooLong
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError

_BROADCAST_EXAMPLE = "/broadcast @福利群 -二群 今晚八点直播，聊聊秋冬怎么保湿"
_BROADCAST_NAME = 20  # characters
_BROADCAST_SHOWN = 500  # characters; the whole text stands in the manager's own message
_BROADCAST_VALID = timedelta(hours=2)
_FIRST_DAYS_LEFT = 10
_COUNTDOWN_AT = time(10, 18)
_COUNTDOWN_VALID = timedelta(hours=10)
_PREVIEWED = 3_500  # characters: with whom it reaches, it still fits into one message
_A_YEAR = timedelta(days=366)


@command(
    "broadcast",
    "群发",
    Role.MANAGER,
    "给几个群发一条消息（先预览再确认）",
    _BROADCAST_EXAMPLE,
)
async def broadcast(
    desk: Desk, asked: Asked, groups: Groups | None = None, text: Rest | None = None
) -> Replies:
    """Preview a post to groups; it goes out after a confirmation."""
    if text is None:
        yield reply(
            desk.say("还没有写内容。可以这样写：{example}", example=desk.say(_BROADCAST_EXAMPLE)),
            private=True,
        )
        return
    if len(text.text) > LONGEST_TEXT:
        yield _too_long(desk)
        return
    if groups is None:
        yield await ask_for_groups(desk, asked, "/broadcast", text.text)
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    proposal = proposal_for(
        asked,
        chosen,
        programme="broadcast",
        name=" ".join(text.text.split())[:_BROADCAST_NAME],
        body=literal_body(Content(text.text)),
        valid_for=_BROADCAST_VALID,
    )
    preview = desk.say("要发的内容：\n{text}", text=_shortened(desk, text.text))
    yield await propose(desk, asked, chosen, proposal, preview)


def _too_long(desk: Desk) -> Reply:
    return reply(desk.say("内容太长了，最多 {limit} 个字。", limit=LONGEST_TEXT), private=True)


def _shortened(desk: Desk, text: str) -> str:
    """The beginning of a long text: the preview itself must fit into one message."""
    if len(text) <= _BROADCAST_SHOWN:
        return text
    return desk.say("{text}……（全文 {count} 字）", text=text[:_BROADCAST_SHOWN], count=len(text))


@command(
    "countdown",
    "倒计时",
    Role.MANAGER,
    "开一个活动倒计时，最后十天每天一条",
    "/countdown 双11 @所有群",
)
async def countdown(
    desk: Desk,
    asked: Asked,
    day: Day,
    groups: Groups | None = None,
    text: Rest | None = None,
) -> Replies:
    """Preview a countdown to a day. For Double-11 the words are ready; else `text` says them."""
    if groups is None:
        yield await ask_for_groups(
            desk, asked, f"/countdown {day.written}", text.text if text is not None else ""
        )
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    try:
        target = day.after(desk.shop.day_of(desk.clock.now()))
    except ValueError:
        yield reply(desk.say("日历里没有「{day}」这一天。", day=day.written), private=True)
        return
    double11 = shipped_programmes()["double11"]
    if text is None and (target.month, target.day) == (11, 11):
        campaign = campaign_for(double11, target.year, desk.shop.zone, language=desk.shop.language)
        yield await _propose_programme(desk, asked, chosen, double11, campaign)
        return
    template = (
        text.text
        if text is not None
        else desk.say(
            "离{name}还有 {days} 天。{shop}陪大家一起等，有想问的就在群里说。",
            name=day.written,
            days="{{ days }}",
            shop="{{ shop }}",
        )
    )
    yield await _propose_own_countdown(
        desk,
        asked,
        chosen,
        Countdown(target, _FIRST_DAYS_LEFT, _COUNTDOWN_AT, last_day=False),
        name=f"{day.written} {target.year}",
        template=template,
    )


async def _propose_own_countdown(
    desk: Desk, asked: Asked, chosen: Chosen, schedule: Countdown, *, name: str, template: str
) -> Reply:
    """A countdown in the manager's own words, the same on each day but for the days left."""
    topics = [f"d-{left}" for left in range(_FIRST_DAYS_LEFT, 0, -1)]
    body = template_body(dict.fromkeys(topics, template), _variables(desk), desk.shop.language)
    try:
        content_of(body, topics[0], chosen.groups[0].name)
    except TextTooLong:
        return _too_long(desk)
    except SchedulingError:
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
    campaign = Campaign(
        key=f"countdown:{asked.key}",
        programme="countdown",
        name=name,
        schedule=schedule,
        zone=desk.shop.zone,
        valid_for=_COUNTDOWN_VALID,
    )
    return await _propose_campaign(desk, asked, chosen, campaign, body)


@command(
    "greet", "问候", Role.MANAGER, "开节日问候：一个节日，或全年所有节日", "/greet 春节 @所有群"
)
async def greet(
    desk: Desk, asked: Asked, festival: FestivalName | None = None, groups: Groups | None = None
) -> Replies:
    """Preview the greetings of one festival, or of the whole year."""
    if groups is None:
        named = f" {quoted(_festival_name(desk, festival))}" if festival is not None else ""
        yield await ask_for_groups(desk, asked, f"/greet{named}")
        return
    chosen = await chosen_groups(desk, asked, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    programme = shipped_programmes()["festivals"]
    today = desk.shop.day_of(desk.clock.now())
    campaign = campaign_for(
        programme,
        today.year,
        desk.shop.zone,
        language=desk.shop.language,
        region=Region(desk.shop.region),
    )
    if festival is not None:
        if festival.festival.key not in programme.texts:
            yield reply(
                desk.say(
                    "{festival}我们安静地过，不发问候。", festival=_festival_name(desk, festival)
                ),
                private=True,
            )
            return
        if (year := await _whole_year(desk, campaign)) is not None:
            yield reply(
                desk.say(
                    "全年问候已经开着（编号 {number}），{festival}也包括在内，就不另发了。",
                    number=year.id,
                    festival=_festival_name(desk, festival),
                ),
                private=True,
            )
            return
        campaign = _only(desk, campaign, festival)
    yield await _propose_programme(
        desk,
        asked,
        chosen,
        programme,
        campaign,
        replaces=Replaces.SAME_NAME if festival is not None else Replaces.ALL,
    )


async def _whole_year(desk: Desk, campaign: Campaign) -> StoredCampaign | None:
    """The approved campaign that greets on every festival, if there is one."""
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(connection, desk.shop_id, [CampaignState.APPROVED])
    named = (campaign.programme, campaign.name)
    return next((one for one in standing if (one.programme, one.name) == named), None)


def _festival_name(desk: Desk, found: FestivalName) -> str:
    festival = found.festival
    return festival.chinese if desk.shop.language == "zh" else festival.english


def _only(desk: Desk, campaign: Campaign, festival: FestivalName) -> Campaign:
    """The festivals' campaign narrowed to one of them."""
    schedule = campaign.schedule
    if not isinstance(schedule, Festivals):
        raise TypeError(schedule)
    return Campaign(
        key=campaign.key,
        programme=campaign.programme,
        name=f"{campaign.name} {_festival_name(desk, festival)}",
        schedule=Festivals(schedule.at, (festival.festival.key,), schedule.region),
        zone=campaign.zone,
        valid_for=campaign.valid_for,
    )


async def _propose_programme(
    desk: Desk,
    asked: Asked,
    chosen: Chosen,
    programme: Programme,
    campaign: Campaign,
    *,
    replaces: Replaces = Replaces.SAME_NAME,
) -> Reply:
    language = desk.shop.language
    templates = {
        topic: texts.get(language, texts["zh"]) for topic, texts in programme.texts.items()
    }
    body = template_body(templates, _variables(desk), language)
    return await _propose_campaign(desk, asked, chosen, campaign, body, replaces=replaces)


async def _propose_campaign(
    desk: Desk,
    asked: Asked,
    chosen: Chosen,
    campaign: Campaign,
    body: dict[str, object],
    *,
    replaces: Replaces = Replaces.SAME_NAME,
) -> Reply:
    now = desk.clock.now()
    coming = occurrences_of(campaign, now, now + _A_YEAR)
    if not coming:
        return reply(desk.say("从现在起一年内没有要发的。"), private=True)
    proposal = proposal_for(
        asked,
        chosen,
        programme=campaign.programme,
        name=campaign.name,
        schedule=schedule_to_json(campaign.schedule),
        body=body,
        valid_for=campaign.valid_for,
        replaces=replaces,
    )
    group = chosen.groups[0].name
    lines = _fitting([_preview_line(desk, one, body, group) for one in coming])
    if len(lines) < len(coming):
        lines.append(desk.say("……"))
    title = desk.say("{name}，一共 {count} 条：", name=campaign.name, count=len(coming))
    return await propose(desk, asked, chosen, proposal, "\n".join([title, *lines]))


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many lines as a preview can hold, at least one: what is approved should be read."""
    ends = accumulate(len(line) + 1 for line in lines)
    fit = sum(end <= _PREVIEWED for end in ends)
    return list(lines[: max(1, fit)])


def _preview_line(desk: Desk, one: Occurrence, body: dict[str, object], group: str) -> str:
    return f"· {desk.show_time(one.at)} {content_of(body, one.slot, group).text}"


def _variables(desk: Desk) -> dict[str, str]:
    return {"shop": desk.shop.name, "slogan": desk.shop.slogan}


@command("confirm", "确认", Role.MANAGER, "确认刚才预览的内容", "/confirm 12")
async def confirm_(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Approve what was previewed; from then on it is planned and sent."""
    say = desk.say
    match await confirm(desk, asked, number.number if number is not None else None):
        case Confirmed(campaign, replaced):
            note = say("（代替了先前的 {count} 个）", count=replaced) if replaced else ""
            yield reply(
                say(
                    "好的，「{name}」已确认{note}，编号 {number}。"
                    "看安排，发 /plan；不想发了，发 /cancel {number}。",
                    name=campaign.name,
                    note=note,
                    number=campaign.id,
                ),
                private=True,
            )
        case Expired():
            yield reply(say("已经过了 10 分钟，没有发。还需要的话，请再发一次命令。"), private=True)
        case GroupsChanged():
            yield reply(
                say("预览之后群有变化，没有发。请再发一次命令，看过新的预览再确认。"), private=True
            )
        case NothingAsked():
            yield reply(
                say(
                    "没有等着确认的内容。先预览，例如：{example}",
                    example=say(_BROADCAST_EXAMPLE),
                ),
                private=True,
            )


@command("dismiss", "不发了", Role.MANAGER, "放弃刚才预览的内容", "/dismiss")
async def dismiss_(desk: Desk, asked: Asked) -> Replies:
    """Forget the preview."""
    done = await dismiss(desk, asked)
    yield reply(desk.say("好的，不发了。" if done else "没有等着确认的内容。"), private=True)
