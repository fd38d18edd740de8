"""What a campaign says: see it, try it on oneself, change it."""

from __future__ import annotations

from handlers import running
from handlers.approvals import approval_buttons, described, still_to_come, waits
from handlers.arguments import Groups, Number, Rest
from handlers.audiences import Chosen, chosen_groups
from handlers.commands.steering import no_such, title, waiting_lines
from handlers.coupon_texts import with_text
from handlers.desk import Asked, Desk
from handlers.moved_posts import is_of_many
from handlers.previews import (
    in_one_message,
    too_long,
    words_of,
    wrong_braces,
    wrong_braces_in_private,
)
from handlers.programme_pictures import look_line, pictured_slots
from handlers.proposals import editable, propose_edit
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.bodies import is_personal
from scheduler.templates import LONGEST_TEXT, TextTooLong
from storage import campaigns
from storage.audiences import resolve
from storage.campaigns import StoredCampaign
from storage.errors import SchedulingError
from storage.progress import progress

_EDIT_EXAMPLE = "/edit 12 今晚改到九点直播"


@command("preview", "预览", Role.MANAGER, "看一个活动会说什么、发给谁、卡在哪", "/preview 12")
async def preview(desk: Desk, asked: Asked, number: Number) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """What a campaign will say and when, whom it reaches, and what holds it up now."""
    yield await _shown(desk, number.number)


async def _shown(desk: Desk, number: int) -> Reply:
    async with desk.database.reading() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number)
        if campaign is None:
            return no_such(desk, number)
        shown = await described(desk, connection, campaign, approved=False)
        stands = await progress(connection, campaign.id, desk.clock.now())
    facts = ["", *shown.facts, *waiting_lines(desk, stands)]
    buttons = approval_buttons(desk, campaign) if waits(campaign) else ()
    text = in_one_message(desk, [title(desk, campaign), *shown.words], facts)
    return reply(text, *buttons, private=True)


@command("test", "试发", Role.MANAGER, "把活动的下一条先发给自己看", "/test 12")
async def test(desk: Desk, asked: Asked, number: Number) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """Say a campaign's next post to the manager alone, exactly as it will be, marked as a test."""
    found = await running.next_post(desk, number.number)
    if found is None:
        yield no_such(desk, number.number)
        return
    campaign, content = found
    if content is None:
        yield reply(desk.say("「{name}」没有要发的了。", name=campaign.name), private=True)
        return
    yield reply(
        desk.say("下面是「{name}」的试发，没有发到粉丝群：", name=campaign.name), private=True
    )
    yield Reply(content, private=True)
    if content.pictures:
        return
    async with desk.database.reading() as connection:
        body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
    slots = pictured_slots(campaign, body, still_to_come(desk, campaign))
    for line in look_line(desk, campaign.programme, slots):
        without = desk.say("这一条没有配图，后面有的。")
        yield reply(f"{without}\n{line}", private=True)


@command(
    "edit", "修改", Role.MANAGER, "改活动的内容，或改发给哪些群（先预览再确认）", _EDIT_EXAMPLE
)
async def edit(
    desk: Desk,
    asked: Asked,
    number: Number,
    groups: Groups | None = None,
    text: Rest | None = None,
) -> Replies:
    """Preview other words or other groups for a campaign; they count from their approval on."""
    async with desk.database.reading() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number.number)
    if campaign is None:
        yield no_such(desk, number.number)
        return
    if groups is None and text is None:
        yield reply(
            desk.say(
                "要改成什么？改内容：{example}；改群：{groups}",
                example=desk.say(_EDIT_EXAMPLE),
                groups=f"/edit {number.number} {desk.say('@福利群 -二群')}",
            ),
            private=True,
        )
        return
    if text is not None and is_of_many(campaign):
        yield reply(
            desk.say(
                "「{name}」里每一条都不一样，一条一条改：/programme text {key} 1 {text}",
                name=campaign.name,
                key=campaign.programme,
                text=desk.say("新的文案"),
            ),
            private=True,
        )
        return
    chosen = await _audience(desk, asked, campaign, groups)
    if isinstance(chosen, Reply):
        yield chosen
        return
    yield await _proposed(desk, asked, campaign, chosen, text)


async def _audience(
    desk: Desk, asked: Asked, campaign: StoredCampaign, wanted: Groups | None
) -> Chosen | Reply:
    """The groups that were named; else those that the campaign means.

    What was written for a group stays for groups, and what was written for people for people.
    """
    in_private = campaign.audience.segment is not None
    if wanted is not None:
        chosen = await chosen_groups(desk, asked, wanted, people=in_private)
        if isinstance(chosen, Reply) or (chosen.audience.segment is not None) == in_private:
            return chosen
        sentence = desk.say(
            "这是私下发的，不能改发到群里。可以改成别的标签，例如：{example}",
            example=f"/edit {campaign.id} {desk.say('@标签:老客')}",
        )
        return reply(sentence, private=True)
    async with desk.database.reading() as connection:
        found = await resolve(connection, desk.shop_id, campaign.audience)
    if not found.groups:
        return reply(desk.say("它现在一个群也发不到，先改群再改内容。"), private=True)
    return Chosen(campaign.audience.written, campaign.audience, found.groups)


async def _proposed(
    desk: Desk, asked: Asked, campaign: StoredCampaign, chosen: Chosen, text: Rest | None
) -> Reply:
    posts = editable(desk, campaign)
    if not posts:
        return reply(
            desk.say(
                "「{name}」没有还能改的：排好的按原来的发。不想发了，发 /cancel {number}。",
                name=campaign.name,
                number=campaign.id,
            ),
            private=True,
        )
    if text is not None and len(text.text) > LONGEST_TEXT:
        return too_long(desk)
    async with desk.database.reading() as connection:
        bodies = await campaigns.bodies(connection, [campaign.version_id])
    body = bodies[campaign.version_id]
    if text is not None:
        body = with_text(body, text.text)
    try:
        for one in posts:
            words_of(desk.say, body, one.slot, chosen.groups[0].name)
    except TextTooLong:
        return too_long(desk)
    except SchedulingError:
        return wrong_braces_in_private(desk) if is_personal(body) else wrong_braces(desk)
    return await propose_edit(desk, asked, campaign, chosen, body)
