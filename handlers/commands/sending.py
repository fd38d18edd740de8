"""The commands that send: a broadcast, a countdown, greetings; each waits for a yes."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from handlers.arguments import Day, FestivalName, Groups, Rest, quoted
from handlers.audiences import Chosen, ask_for_groups, chosen_groups
from handlers.desk import Asked, Desk
from handlers.previews import to_come, too_long, wrong_braces
from handlers.proposals import proposal_for, propose
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.bodies import content_of, literal_body, template_body
from scheduler.campaigns import Campaign, CampaignState
from scheduler.content import Content
from scheduler.festivals import Region
from scheduler.priorities import Priority
from scheduler.programme import Programme, campaign_for, shipped_programmes
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Countdown, Festivals
from scheduler.templates import LONGEST_TEXT, TextTooLong
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError

BROADCAST_EXAMPLE = "/broadcast @福利群 -二群 今晚八点直播，聊聊秋冬怎么保湿"
_BROADCAST_NAME = 20  # characters
_BROADCAST_VALID = timedelta(hours=2)
_FIRST_DAYS_LEFT = 10
_COUNTDOWN_AT = time(10, 18)
_COUNTDOWN_VALID = timedelta(hours=10)
_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)


@command(
    "broadcast",
    "群发",
    Role.MANAGER,
    "给几个群发一条消息（先预览再确认）",
    BROADCAST_EXAMPLE,
)
async def broadcast(
    desk: Desk, asked: Asked, groups: Groups | None = None, text: Rest | None = None
) -> Replies:
    """Preview a post to groups; it goes out after a confirmation."""
    if text is None:
        yield reply(
            desk.say("还没有写内容。可以这样写：{example}", example=desk.say(BROADCAST_EXAMPLE)),
            private=True,
        )
        return
    if len(text.text) > LONGEST_TEXT:
        yield too_long(desk)
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
        priority=Priority.POST,
    )
    yield await propose(desk, asked, chosen, proposal)


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
        return too_long(desk)
    except SchedulingError:
        return wrong_braces(desk)
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
    yield await _propose_programme(desk, asked, chosen, programme, campaign)


async def _whole_year(desk: Desk, campaign: Campaign) -> StoredCampaign | None:
    """The approved campaign that greets on every festival, if there is one."""
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(connection, desk.shop_id, _STANDING)
    approved = [one for one in standing if one.approved_version is not None]
    named = (campaign.programme, campaign.name)
    return next((one for one in approved if (one.programme, one.name) == named), None)


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
    desk: Desk, asked: Asked, chosen: Chosen, programme: Programme, campaign: Campaign
) -> Reply:
    language = desk.shop.language
    templates = {
        topic: texts.get(language, texts["zh"]) for topic, texts in programme.texts.items()
    }
    body = template_body(templates, _variables(desk), language)
    return await _propose_campaign(desk, asked, chosen, campaign, body)


async def _propose_campaign(
    desk: Desk, asked: Asked, chosen: Chosen, campaign: Campaign, body: dict[str, Any]
) -> Reply:
    now = desk.clock.now()
    if not to_come(campaign, now, now):
        return reply(desk.say("从现在起一年内没有要发的。"), private=True)
    proposal = proposal_for(
        asked,
        chosen,
        programme=campaign.programme,
        name=campaign.name,
        schedule=schedule_to_json(campaign.schedule),
        body=body,
        valid_for=campaign.valid_for,
        priority=campaign.priority,
        promotion=campaign.promotion,
    )
    return await propose(desk, asked, chosen, proposal)


def _variables(desk: Desk) -> dict[str, str]:
    return {"shop": desk.shop.name, "slogan": desk.shop.slogan}
