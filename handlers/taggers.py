"""Automatic tags: who is new, active or silent, and who talks about what.

The rules are pure (`interest_tags`, `activity_tags`); `tag_by_words` and `tag_speakers` apply
them to a batch of fresh words, `tag_everybody` once a day. A rule never touches a tag that a
manager set, and every tag says why and until when it stands. Health, pregnancy and children are
never tagged from what somebody says: a watched word of that kind is refused when it is bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.changes import Newcomer
from handlers.desk import Desk
from handlers.recording import Batch
from handlers.settings import ShopSettings
from handlers.wording import Say
from storage.members import recorded_fans
from storage.tags import (
    BY_MANAGER,
    BY_RULE,
    Activity,
    Tag,
    activity,
    all_watches,
    delete_expired,
    remove_rule_tags,
    set_tags,
    standing,
)

NEWCOMER, ACTIVE, SILENT = "新人", "活跃", "沉默"

_AT_ONCE = 1_000  # members looked over in one transaction

# What each rule says in its own cause; `fact` is all that it keeps: never what a fan wrote, for
# that is theirs to have forgotten.
_WHY = {
    "watch": "说到「{fact}」",
    "joined": "新进 {fact}",
    "active": "近来说了 {fact} 条",
    "silent": "{fact} 天没说话",
    "concerned": "近来说起 {fact} 次",
    "interest": "常说起，{fact} 条",
    "advocate": "推荐了 {fact} 次",
    "helper": "回答了 {fact} 次",
    "critic": "{fact} 次不满意",
}


def why_text(say: Say, tag: Tag) -> str:
    """Why a tag was set, as people read it; a manager's reason stands as it was written."""
    sentence = _WHY.get(tag.set_by.removeprefix(BY_RULE))
    return tag.why if sentence is None else say(sentence, fact=tag.why)


def is_private_matter(text: str) -> bool:
    """Whether a word or a tag touches health, pregnancy or children: see private_matters.txt."""
    lowered = text.lower()
    return any(word in lowered for word in _private_matters())


@lru_cache(maxsize=1)
def _private_matters() -> tuple[str, ...]:
    """The words of the file, in small letters."""
    text = resources.files(__package__).joinpath("private_matters.txt").read_text("utf-8")
    lines = (line.strip().lower() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def interest_tags(
    said: Iterable[tuple[int, str, datetime]], watches: Mapping[str, str], shop: ShopSettings
) -> list[Tag]:
    """The tags that watched words set, from (member id, text, when); one for each member and tag.

    The newest saying counts, since it keeps the tag longest.
    """
    found: dict[tuple[int, str], Tag] = {}
    for member_id, text, at in said:
        lowered = text.lower()
        for word, tag in watches.items():
            if word.lower() in lowered:
                known = found.get((member_id, tag))
                if known is None or known.set_at <= at:
                    found[member_id, tag] = Tag(
                        member_id=member_id,
                        tag=tag,
                        set_by=f"{BY_RULE}watch",
                        why=word,
                        set_at=at,
                        until=at + shop.interest_for,
                    )
    return list(found.values())


def activity_tags(
    people: Iterable[Activity], now: datetime, shop: ShopSettings, say: Say
) -> tuple[list[Tag], list[tuple[int, str]]]:
    """Who is active or silent now: the tags to set, and the (member id, tag) pairs to take away."""
    wanted: list[Tag] = []
    unwanted: list[tuple[int, str]] = []
    for person in people:
        last = person.last_spoke_at or person.first_seen_at
        active = person.messages >= shop.active_messages
        silent = now - last >= shop.silent_after
        for rule, tag, holds, fact in (
            ("active", say(ACTIVE), active, person.messages),
            ("silent", say(SILENT), silent, (now - last).days),
        ):
            if holds:
                wanted.append(Tag(person.member_id, tag, f"{BY_RULE}{rule}", str(fact), now))
            else:
                unwanted.append((person.member_id, tag))
    return wanted, unwanted


def newcomer_tags(newcomers: Sequence[Newcomer], shop: ShopSettings, say: Say) -> list[Tag]:
    """Somebody who came is a newcomer for a while; the staff never are."""
    return [
        Tag(
            member_id=one.member.id,
            tag=say(NEWCOMER),
            set_by=f"{BY_RULE}joined",
            why=one.group.name,
            set_at=one.at,
            until=one.at + shop.newcomer_for,
        )
        for one in newcomers
        if not one.member.staff and not one.group.is_staff
    ]


async def tag_by_words(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Tag who came, and who said a watched word, be it when they changed what they had said."""
    watches = await all_watches(connection, desk.shop_id)
    said = [
        (one.member.id, one.heard.text, one.heard.at)
        for one in batch.fans_words
        if not one.member.staff
    ]
    changed = [(one.member_id, one.text, one.at) for one in batch.reworded]
    interests = interest_tags(said + changed, watches, desk.shop)
    await set_tags(connection, interests + newcomer_tags(batch.newcomers, desk.shop, desk.say))


async def tag_speakers(connection: AsyncConnection, desk: Desk, batch: Batch) -> None:
    """Note that those who just spoke are not silent, and perhaps active."""
    speakers = {one.member.id for one in batch.fans_words if not one.member.staff}
    if speakers:
        await _tag_activity(connection, desk, speakers)


async def tag_everybody(desk: Desk) -> None:
    """Once a day: who has become silent, who is no longer active, whose tags are over.

    It goes through the members in small steps, so that nobody waits long for it.
    """
    async with desk.database.writing() as connection:
        await delete_expired(connection, desk.clock.now())
    last = 0
    while True:
        async with desk.database.reading() as connection:
            fans = await recorded_fans(connection, after=last, limit=_AT_ONCE)
            wanted, unwanted = await _activity_changes(connection, desk, fans)
        if wanted or unwanted:
            # Somebody may have spoken since: what is written is looked at once more.
            changing = {one.member_id for one in wanted} | {member_id for member_id, _ in unwanted}
            async with desk.database.writing() as connection:
                await _tag_activity(connection, desk, changing)
        if len(fans) < _AT_ONCE:
            return
        last = fans[-1]


async def _tag_activity(connection: AsyncConnection, desk: Desk, fans: Collection[int]) -> None:
    wanted, unwanted = await _activity_changes(connection, desk, fans)
    await remove_rule_tags(connection, unwanted)
    await set_tags(connection, wanted)


async def _activity_changes(
    connection: AsyncConnection, desk: Desk, fans: Collection[int]
) -> tuple[list[Tag], list[tuple[int, str]]]:
    """What `activity_tags` says of these fans, without what stands so already."""
    now = desk.clock.now()
    people = await activity(connection, now - desk.shop.activity_window, fans)
    wanted, unwanted = activity_tags(people, now, desk.shop, desk.say)
    carried = await standing(connection, fans, (desk.say(ACTIVE), desk.say(SILENT)))
    by_manager = {pair for pair, set_by in carried.items() if set_by.startswith(BY_MANAGER)}
    return (
        [
            one
            for one in wanted
            if (pair := (one.member_id, one.tag)) not in by_manager
            and carried.get(pair) != one.set_by
        ],
        [pair for pair in unwanted if pair in carried and pair not in by_manager],
    )
