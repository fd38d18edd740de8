"""Trials: which text does better, and better than nothing; fixed before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Groups, Number
from handlers.audiences import Chosen, chosen_groups
from handlers.commands.steering import no_such
from handlers.desk import Asked, Desk
from handlers.previews import (
    in_one_message,
    too_long,
    words_of,
    wrong_braces,
    wrong_braces_in_private,
)
from handlers.proposals import editable, propose_edit
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.trial_arguments import EXAMPLE, TrialWords
from handlers.trial_text import money_lines, trial_lines
from handlers.trialling import Planned, Refused, planned, with_another, without_plan
from scheduler.bodies import is_personal, variants_of
from scheduler.campaigns import Occurrence
from scheduler.templates import TextTooLong
from scheduler.trial_plan import BEYOND_REACH
from scheduler.trials import trial_of
from storage import audit, campaigns
from storage.audiences import resolve
from storage.campaign_money import Money, money_of, say_money
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError
from storage.outcomes import begun_version
from storage.segments import Segment


@command("trial", "对照", Role.MANAGER, "比一比几种说法、发和不发，哪样更好", EXAMPLE)
async def trial(
    desk: Desk,
    asked: Asked,
    number: Number,
    change: TrialWords | None = None,
    groups: Groups | None = None,
) -> Replies:
    """Set a trial on a campaign before it begins, or look at it; and say what it cost and brought.

    A plan says what is compared, for how long after each post, how many each arm needs, and what
    share is held out. Groups of people after it keep the trial among them.
    """
    async with desk.database.reading() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number.number)
    if campaign is None:
        yield no_such(desk, number.number)
    elif change is None and groups is None:
        yield await _shown(desk, campaign)
    elif change is not None and change.money is not None:
        yield await _paid(desk, asked, campaign, change.money)
    else:
        yield await _set(desk, asked, campaign, change or TrialWords(), groups)


async def _shown(desk: Desk, campaign: StoredCampaign) -> Reply:
    async with desk.database.reading() as connection:
        found = await trial_of(connection, campaign, desk.shop.name, desk.clock.now())
    title = desk.say("「{name}」（编号 {number}）的对照：", name=campaign.name, number=campaign.id)
    return reply(in_one_message(desk, [title, *trial_lines(desk, found)], []), private=True)


async def _paid(desk: Desk, asked: Asked, campaign: StoredCampaign, money: Money) -> Reply:
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        await say_money(connection, campaign.id, money, by=asked.actor, at=now)
        details = {"cost": money.cost, "returned": money.returned}
        entry = audit.Entry(now, asked.actor, "money", campaign.key, details)
        await audit.note(connection, entry)
        known = await money_of(connection, campaign.id)
    lines = [desk.say("记下了「{name}」：", name=campaign.name), *money_lines(desk, known)]
    return reply("\n".join(lines), private=True)


async def _set(
    desk: Desk,
    asked: Asked,
    campaign: StoredCampaign,
    words: TrialWords,
    groups: Groups | None,
) -> Reply:
    """The preview of the version that holds a plan, with what it comes to."""
    among = await _among(desk, asked, campaign, groups)
    if isinstance(among, Reply):
        return among
    posts = editable(desk, campaign)
    async with desk.database.reading() as connection:
        if not posts or await begun_version(connection, campaign.id, BEYOND_REACH) is not None:
            return _too_late(desk, campaign)
        found = await resolve(connection, desk.shop_id, campaign.audience)
        made = await _changed(connection, desk, campaign, words, among, posts)
    if isinstance(made, Reply):
        return made
    if not found.groups:
        return reply(desk.say("它现在一个群也发不到，先改群再定对照。"), private=True)
    chosen = Chosen(campaign.audience.written, campaign.audience, found.groups)
    return await propose_edit(desk, asked, campaign, chosen, made.body, trial=made.lines)


async def _changed(  # noqa: PLR0917 (a campaign, what is asked of it, and what it is asked with)
    connection: AsyncConnection,
    desk: Desk,
    campaign: StoredCampaign,
    words: TrialWords,
    among: Segment | None,
    posts: Sequence[Occurrence],
) -> Planned | Reply:
    """The campaign's body as it is asked for, and what is to be said of it."""
    body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
    if words.off:
        return Planned(without_plan(body))
    if words.text is not None:
        more = with_another(desk, body, words.text)
        if isinstance(more, Refused):
            return reply(more.sentence, private=True)
        return _unsayable(desk, more, posts) or Planned(more)
    plan = await planned(connection, desk, campaign, body, words, segment=among, next_post=posts[0])
    return reply(plan.sentence, private=True) if isinstance(plan, Refused) else plan


def _unsayable(desk: Desk, body: Mapping[str, Any], posts: Sequence[Occurrence]) -> Reply | None:
    """The answer to a text that cannot be filled in; None: all can."""
    try:
        for one in posts:
            for variant in variants_of(body, one.slot):
                words_of(desk.say, body, one.slot, "", variant)
    except TextTooLong:
        return too_long(desk)
    except SchedulingError:
        return wrong_braces_in_private(desk) if is_personal(body) else wrong_braces(desk)
    return None


async def _among(
    desk: Desk, asked: Asked, campaign: StoredCampaign, groups: Groups | None
) -> Segment | Reply | None:
    """The people whom a trial is kept among; None: everybody whom the campaign is for."""
    if groups is None:
        return None
    chosen = await chosen_groups(desk, asked, groups, people=True)
    if isinstance(chosen, Reply):
        return chosen
    audience = chosen.audience
    whole = audience.everybody and not (audience.unwanted or audience.kept_out)
    if campaign.audience.segment is None or audience.segment is None or not whole:
        sentence = desk.say(
            "这里只能写粉丝，例如 {example}；发到群里的活动整群地比，不能分人。",
            example=desk.say("@标签:老客"),
        )
        return reply(sentence, private=True)
    return audience.segment


def _too_late(desk: Desk, campaign: StoredCampaign) -> Reply:
    """That a trial is fixed before the first post, or not at all."""
    sentence = desk.say(
        "「{name}」已经开始发，或者没有要发的了：对照要在开始之前定。看结果发 /trial {number}。",
        name=campaign.name,
        number=campaign.id,
    )
    return reply(sentence, private=True)
