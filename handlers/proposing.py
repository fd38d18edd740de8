"""What a manager can propose: a broadcast, a countdown, greetings, each as a `Proposal`.

The commands and the guided form both end here, so that whichever way a campaign is asked for, it
is previewed, confirmed and approved alike. What cannot be proposed comes back as one friendly
line instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from handlers.audiences import Chosen
from handlers.coupon_names import plainly
from handlers.coupon_texts import asks_for_coupon, naming, never_in_groups
from handlers.day_arguments import Day
from handlers.desk import Asked, Desk
from handlers.previews import to_come, too_long, words_of, wrong_braces, wrong_braces_in_private
from handlers.proposals import Proposal, proposal_for, propose
from handlers.replies import Reply, reply
from scheduler.bodies import content_of, literal_body, personal_body, template_body
from scheduler.campaigns import Campaign, CampaignState
from scheduler.content import Content
from scheduler.festivals import Festival, Region
from scheduler.greetings import variants_for
from scheduler.priorities import Priority
from scheduler.programme import Programme, campaign_for, shipped_programmes
from scheduler.quiet_days import FESTIVALS
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Countdown, Festivals, Once
from scheduler.templates import LONGEST_TEXT, TextTooLong
from storage import campaigns
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError
from storage.running_programmes import running_programme

_BROADCAST_NAME = 20  # characters
_SENTENCE_ENDS = re.compile(r"[。！？!?；;\n]")
_PAUSE = re.compile(r"[，,、：:\s]")
_MARKS_AROUND = re.compile(r"^[\s，,、：:…【】\[\]]+|[\s，,、：:…【】\[\]]+$")
_SHORTEST_NAME = 4  # characters before a pause that still say what it is about
_BROADCAST_VALID = timedelta(hours=2)
_PRIVATE_VALID = timedelta(hours=8)  # to many people it takes longer than to groups
_BRACES = re.compile(r"\{\{.*?\}\}[\s，,、]*")
_FIRST_DAYS_LEFT = 10
_COUNTDOWN_AT = time(10, 18)
_COUNTDOWN_VALID = timedelta(hours=10)
_STANDING = (CampaignState.DRAFT, CampaignState.APPROVED, CampaignState.PAUSED)
_DOUBLE_11 = (11, 11)


async def offered(desk: Desk, asked: Asked, chosen: Chosen, found: Proposal | Reply) -> Reply:
    """The preview of what can be proposed; else the line that says why it cannot."""
    return found if isinstance(found, Reply) else await propose(desk, asked, chosen, found)


def called_after(text: str) -> str:
    """A name for a post with these words: its first sentence, or of a long one what comes first.

    Nothing where the text has no words.
    """
    sentences = (
        _MARKS_AROUND.sub("", " ".join(part.split())) for part in _SENTENCE_ENDS.split(text)
    )
    first = next(filter(None, sentences), "")
    if len(first) <= _BROADCAST_NAME:
        return first
    pauses = [found.start() for found in _PAUSE.finditer(first, _SHORTEST_NAME, _BROADCAST_NAME)]
    return (
        _MARKS_AROUND.sub("", first[: pauses[-1]]) if pauses else f"{first[: _BROADCAST_NAME - 1]}…"
    )


def broadcast_proposal(
    desk: Desk,
    asked: Asked,
    chosen: Chosen,
    content: Content,
    at: Once | None = None,
    *,
    name: str | None = None,
) -> Proposal | Reply:
    """One post, word for word: at once when it is confirmed, or at one later moment.

    It is called by `name`, or after its words.

    To people it is one private message each, which may call them by name.
    """
    if len(content.text) > LONGEST_TEXT:
        return too_long(desk)
    if chosen.audience.segment is not None:
        return _private_proposal(desk, asked, chosen, content, at)
    if asks_for_coupon(content.text):
        return never_in_groups(desk)
    return proposal_for(
        asked,
        chosen,
        programme="broadcast",
        name=name or called_after(content.text) or chosen.written[:_BROADCAST_NAME],
        body=literal_body(content),
        valid_for=_BROADCAST_VALID,
        priority=Priority.POST,
        schedule=None if at is None else schedule_to_json(at),
    )


def _private_proposal(
    desk: Desk, asked: Asked, chosen: Chosen, content: Content, at: Once | None
) -> Proposal | Reply:
    text, named = plainly(content.text)
    content = replace(content, text=text)
    body = naming(personal_body(content, _variables(desk)), named)
    try:
        words_of(desk.say, body, "", "")
    except TextTooLong:
        return too_long(desk)
    except SchedulingError:
        return wrong_braces_in_private(desk)
    plain = _BRACES.sub("", content.text)
    return proposal_for(
        asked,
        chosen,
        programme="broadcast",
        name=called_after(plain) or chosen.written[:_BROADCAST_NAME],
        body=body,
        valid_for=_PRIVATE_VALID,
        priority=Priority.CAMPAIGN,
        schedule=None if at is None else schedule_to_json(at),
    )


async def countdown_proposal(
    desk: Desk, asked: Asked, chosen: Chosen, day: Day, text: str | None = None
) -> Proposal | Reply:
    """A post on each of the last days before a day.

    For Double-11 the words are ready; else `text` says them, the same on each day but for the
    days left.
    """
    try:
        target = day.after(desk.shop.day_of(desk.clock.now()))
    except ValueError:
        example = desk.say("/countdown 双11 @所有群")
        sentence = "日历里没有「{day}」这一天。可以这样写：{example}"
        return reply(desk.say(sentence, day=day.written, example=example), private=True)
    if text is None and (target.month, target.day) == _DOUBLE_11:
        double11 = shipped_programmes()["double11"]
        if await _is_on(desk, double11.key, target.year):
            return reply(
                desk.say(
                    "今年的双11已经排好了，倒计时也在里面：/programme {key}", key=double11.key
                ),
                private=True,
            )
        campaign = campaign_for(double11, target.year, desk.shop.zone, language=desk.shop.language)
        return _programme_proposal(desk, asked, chosen, double11, campaign)
    template = (
        text
        if text is not None
        else desk.say(
            "离{name}还有 {days} 天。{shop}陪大家一起等，有想问的就在群里说。",
            name=day.written,
            days="{{ days }}",
            shop="{{ shop }}",
        )
    )
    topics = [f"d-{left}" for left in range(_FIRST_DAYS_LEFT, 0, -1)]
    body = template_body(dict.fromkeys(topics, template), _variables(desk), desk.shop.language)
    try:
        content_of(body, topics[0], chosen.groups[0].name)
    except TextTooLong:
        return too_long(desk)
    except SchedulingError:
        return never_in_groups(desk) if asks_for_coupon(template) else wrong_braces(desk)
    campaign = Campaign(
        key=f"countdown:{asked.key}",
        programme="countdown",
        name=f"{day.written} {target.year}",
        schedule=Countdown(target, _FIRST_DAYS_LEFT, _COUNTDOWN_AT, last_day=False),
        zone=desk.shop.zone,
        valid_for=_COUNTDOWN_VALID,
    )
    return _campaign_proposal(desk, asked, chosen, campaign, body)


async def _is_on(desk: Desk, key: str, year: int) -> bool:
    async with desk.database.reading() as connection:
        running = await running_programme(connection, desk.shop_id, key, year)
    return running is not None and running.is_on


async def greetings_proposal(
    desk: Desk, asked: Asked, chosen: Chosen, festival: Festival | None
) -> Proposal | Reply:
    """The greetings of one festival, or (None) of every one of the year."""
    programme = shipped_programmes()["festivals"]
    campaign = greetings(desk)
    if festival is not None:
        if festival.key not in programme.texts:
            return reply(
                desk.say("{festival}我们安静地过，不发问候。", festival=name_of(desk, festival)),
                private=True,
            )
        if (year := await _whole_year(desk, campaign)) is not None:
            return reply(
                desk.say(
                    "全年问候已经开着（编号 {number}），{festival}也包括在内，就不另发了。",
                    number=year.id,
                    festival=name_of(desk, festival),
                ),
                private=True,
            )
        campaign = _only(desk, campaign, festival)
    return _programme_proposal(desk, asked, chosen, programme, campaign)


def greetings(desk: Desk) -> Campaign:
    """The campaign that greets on every festival that the shop greets on."""
    today = desk.shop.day_of(desk.clock.now())
    return campaign_for(
        shipped_programmes()["festivals"],
        today.year,
        desk.shop.zone,
        language=desk.shop.language,
        region=Region(desk.shop.region),
    )


def name_of(desk: Desk, festival: Festival) -> str:
    """A festival's name in the shop's language."""
    return festival.chinese if desk.shop.language == "zh" else festival.english


async def _whole_year(desk: Desk, campaign: Campaign) -> StoredCampaign | None:
    """The approved campaign that greets on every festival, if there is one."""
    async with desk.database.reading() as connection:
        standing = await campaigns.in_states(connection, desk.shop_id, _STANDING)
    approved = [one for one in standing if one.approved_version is not None]
    named = (campaign.programme, campaign.name)
    return next((one for one in approved if (one.programme, one.name) == named), None)


def _only(desk: Desk, campaign: Campaign, festival: Festival) -> Campaign:
    """The festivals' campaign narrowed to one of them."""
    schedule = campaign.schedule
    if not isinstance(schedule, Festivals):
        raise TypeError(schedule)
    return Campaign(
        key=campaign.key,
        programme=campaign.programme,
        name=f"{campaign.name} {name_of(desk, festival)}",
        schedule=Festivals(schedule.at, (festival.key,), schedule.region),
        zone=campaign.zone,
        valid_for=campaign.valid_for,
    )


def _programme_proposal(
    desk: Desk, asked: Asked, chosen: Chosen, programme: Programme, campaign: Campaign
) -> Proposal | Reply:
    language = desk.shop.language
    if programme.key == FESTIVALS:
        variants = {
            topic: variants_for(topic, language, desk.shop.tones) for topic in programme.texts
        }
        body = {**template_body(variants, _variables(desk), language), "apart": True}
    else:
        texts = {topic: one.get(language, one["zh"]) for topic, one in programme.texts.items()}
        body = template_body(texts, _variables(desk), language)
    return _campaign_proposal(desk, asked, chosen, campaign, body)


def _campaign_proposal(
    desk: Desk, asked: Asked, chosen: Chosen, campaign: Campaign, body: Mapping[str, Any]
) -> Proposal | Reply:
    now = desk.clock.now()
    if not to_come(campaign, now, now):
        return reply(desk.say("从现在起一年内没有要发的。"), private=True)
    return proposal_for(
        asked,
        chosen,
        programme=campaign.programme,
        name=campaign.name,
        schedule=schedule_to_json(campaign.schedule),
        body=dict(body),
        valid_for=campaign.valid_for,
        priority=campaign.priority,
        promotion=campaign.promotion,
    )


def _variables(desk: Desk) -> dict[str, str]:
    return desk.shop.variables
