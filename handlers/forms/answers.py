"""How the answers to the form's steps are read, and how they are shown again in few words.

What is kept is plain JSON, and what a command would have been given: the groups as they were
written, a schedule, a day by its name. Whatever can be found out at once is refused at once, by
the same functions that make the proposal in the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handlers.arguments import Groups, Unreadable, quoted
from handlers.audiences import Chosen, chosen_groups
from handlers.day_arguments import Day, FestivalName
from handlers.desk import Asked, Desk, shortened
from handlers.forms.moments import read_moment
from handlers.proposals import Proposal
from handlers.proposing import countdown_proposal, greetings_proposal, name_of
from handlers.replies import Reply
from handlers.wording import Say
from scheduler.festivals import festival_named
from scheduler.schedule_json import schedule_from_json, schedule_to_json
from scheduler.schedules import Once
from scheduler.templates import LONGEST_TEXT
from scheduler.wall_time import zone_named
from storage.groups import all_groups, tags_of_groups

EVERY_FESTIVAL = "all"

_LONGEST_ADDRESS = 2_000  # characters of a picture's address
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_SIGNED = re.compile(r"\s*[@＠\-－]")
_BETWEEN_NAMES = re.compile(r"[\s,，、;；]+")
_EVERY_FESTIVAL_WORDS = frozenset({"全年", "所有节日", "全年所有节日", EVERY_FESTIVAL})


class Kind(StrEnum):
    """The kinds of campaign that the form makes."""

    BROADCAST = "broadcast"
    COUNTDOWN = "countdown"
    GREETINGS = "greetings"


KIND_LABELS: Mapping[Kind, str] = {
    Kind.BROADCAST: "群发一条消息",
    Kind.COUNTDOWN: "活动倒计时",
    Kind.GREETINGS: "节日问候",
}
_KIND_WORDS = {
    "群发": Kind.BROADCAST,
    "消息": Kind.BROADCAST,
    "倒计时": Kind.COUNTDOWN,
    "倒数": Kind.COUNTDOWN,
    "问候": Kind.GREETINGS,
    "节日": Kind.GREETINGS,
} | {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Filling:
    """A form as a step sees it: at whose desk it is filled in, by whom, and its answers so far."""

    desk: Desk
    asked: Asked
    answers: Mapping[str, Any]

    @property
    def say(self) -> Say:
        """The shop's words."""
        return self.desk.say


class Wrong(ValueError):
    """An answer that cannot be; the argument is a whole sentence, as it is said."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def read_kind(_: Filling, said: str) -> Mapping[str, Any]:
    """The kind that one of its words is said of."""
    for word, kind in _KIND_WORDS.items():
        if word in said.lower():
            return {"kind": kind.value}
    raise Unreadable("没看懂要发哪一种")


def kind_shown(filling: Filling, kept: Any) -> str:
    """The kind by its label."""
    return filling.say(KIND_LABELS[Kind(kept)])


async def read_groups(filling: Filling, said: str) -> Mapping[str, Any]:
    """A choice of groups as commands take it; names alone will do, without their @."""
    written = said if _SIGNED.match(said) else await _signed(filling.desk, said)
    wanted, rest = Groups.read(written)
    if rest.strip():
        raise Unreadable("后面多写了几个字")
    return {"groups": (await _chosen(filling, wanted)).written}


async def _signed(desk: Desk, said: str) -> str:
    """Names with an @ before each: a name that has blanks stays one where it is known."""
    name = said.strip()
    async with desk.database.reading() as connection:
        known = {group.name for group in await all_groups(connection, desk.shop_id)}
        known.update(*(await tags_of_groups(connection, desk.shop_id)).values())
    names = [name] if name in known else _BETWEEN_NAMES.split(name)
    return " ".join(f"@{quoted(one)}" for one in names if one)


async def _chosen(filling: Filling, wanted: Groups) -> Chosen:
    people = filling.answers.get("kind") == Kind.BROADCAST
    found = await chosen_groups(filling.desk, filling.asked, wanted, people=people)
    if isinstance(found, Reply):
        raise Wrong(found.content.text)
    return found


async def chosen_of(filling: Filling) -> Chosen:
    """The groups that the answer about them comes to now.

    Raises:
        Wrong: it comes to none any more.
    """
    wanted, _ = Groups.read(filling.answers["groups"])
    return await _chosen(filling, wanted)


def as_written(_: Filling, kept: Any) -> str:
    """An answer as it was given."""
    return shortened(str(kept))


async def read_time(filling: Filling, said: str) -> Mapping[str, Any]:
    """A moment to come, as the schedule of one post; None for as soon as it is confirmed."""
    shop = filling.desk.shop
    wall = read_moment(said, filling.desk.clock.now(), zone_named(shop.zone))
    return {"time": None if wall is None else schedule_to_json(Once(wall))}


def moment_of(kept: Any) -> Once | None:
    """The schedule that a kept answer about the time means; None: at once.

    Raises:
        TypeError: it is the schedule of something else.
    """
    if kept is None:
        return None
    schedule = schedule_from_json(kept)
    if not isinstance(schedule, Once):
        raise TypeError(schedule)
    return schedule


def time_shown(filling: Filling, kept: Any) -> str:
    """The moment by the shop's clock."""
    at = moment_of(kept)
    return filling.say("确认后马上发") if at is None else f"{at.at:%m-%d %H:%M}"


async def read_day(filling: Filling, said: str) -> Mapping[str, Any]:
    """A day that there is something left to count down to."""
    day, rest = Day.read(said)
    if rest.strip():
        raise Unreadable("后面多写了几个字")
    chosen = await chosen_of(filling)
    _possible(await countdown_proposal(filling.desk, filling.asked, chosen, day))
    return {"day": day.written}


async def read_festival(filling: Filling, said: str) -> Mapping[str, Any]:
    """One festival by its name, or all of the year (None)."""
    if said.strip().lower() in _EVERY_FESTIVAL_WORDS:
        return {"festival": None}
    found, rest = FestivalName.read(quoted(said.strip()))
    if rest.strip():
        raise Unreadable("后面多写了几个字")
    chosen = await chosen_of(filling)
    _possible(await greetings_proposal(filling.desk, filling.asked, chosen, found.festival))
    return {"festival": found.festival.key}


def festival_shown(filling: Filling, kept: Any) -> str:
    """The festival by its name."""
    if kept is None:
        return filling.say("全年所有节日")
    return name_of(filling.desk, festival_named(kept))


async def read_text(filling: Filling, said: str) -> Mapping[str, Any]:
    """The words of a post, as they are; pictures that come with them are taken as well."""
    text = said.strip()
    if not text:
        raise Unreadable("还没有写内容")
    if len(text) > LONGEST_TEXT:
        raise Wrong(filling.say("内容太长了，最多 {limit} 个字。", limit=LONGEST_TEXT))
    return {"text": text} | ({"picture": _sent(filling.asked)} if filling.asked.pictures else {})


async def read_words(filling: Filling, said: str) -> Mapping[str, Any]:
    """The words of a countdown, a template that says the days left."""
    if not said.strip():
        raise Unreadable("还没有写内容")
    chosen, (day, _) = await chosen_of(filling), Day.read(filling.answers["day"])
    _possible(await countdown_proposal(filling.desk, filling.asked, chosen, day, said.strip()))
    return {"words": said.strip()}


def text_shown(filling: Filling, kept: Any) -> str:
    """The first words of a text."""
    return filling.say("用现成的话") if kept is None else shortened(" ".join(kept.split()))


async def read_picture(filling: Filling, said: str) -> Mapping[str, Any]:
    """The pictures that were sent, or the address of one."""
    if filling.asked.pictures:
        return {"picture": _sent(filling.asked)}
    address = said.strip()
    if not _ADDRESS.fullmatch(address):
        raise Unreadable("没看到图")
    if len(address) > _LONGEST_ADDRESS:
        raise Unreadable("图片的网址太长了")
    return {"picture": {"sources": [address], "account": None}}


def _sent(asked: Asked) -> dict[str, Any]:
    """Pictures that were sent in chat: the platform shows them again through that account only."""
    return {"sources": list(asked.pictures), "account": asked.account}


def picture_shown(filling: Filling, kept: Any) -> str:
    """How many pictures there are."""
    if kept is None:
        return filling.say("不配图")
    return filling.say("配 {count} 张图", count=len(kept["sources"]))


def _possible(found: Proposal | Reply) -> None:
    if isinstance(found, Reply):
        raise Wrong(found.content.text)
