"""From a figure to the fans behind it: who they are, who of them can be reached, and their tag.

Whoever spoke about a thing in a period is concerned by it. A manager may have them tagged, so that
a message can be for them; what touches health, pregnancy or children makes no tag.
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.arguments import quoted
from handlers.audiences import Chosen
from handlers.desk import Asked, Desk
from handlers.inquiry import Inquiry
from handlers.insight_arguments import About
from handlers.periods_read import understood
from handlers.private_reach import Reached, reach_of
from handlers.quoting import find_quotes, tells_who
from handlers.report_words import DEMANDS, STANCES
from handlers.taggers import is_private_matter
from handlers.wording import Say
from insights.about import names_of
from insights.people import is_private_thing
from storage import audit, members, tags
from storage.audiences import whom
from storage.quotes import Said
from storage.tags import BY_RULE, Tag

RULE = "concerned"
"""The rule that sets these tags: they come from what fans said, and go with it."""

_QUOTES = 3
_AT_ONCE = 1_000  # members tagged in one transaction
_LONGEST_TAG = 30  # characters, as tags that are written by hand


@dataclass(frozen=True, slots=True)
class Concerned:
    """The fans that a thing concerns: member id → how many messages, whom a private word reaches.

    `tag` is what they would be tagged; None where nobody is to be known by the thing.
    """

    messages: dict[int, int]
    reached: Reached
    quotes: tuple[Said, ...]
    tag: str | None


async def find_concerned(desk: Desk, inquiry: Inquiry, about: About) -> Concerned:
    """Whom a thing concerns, by what they said; the staff and who asked for no record are none."""
    found = await find_quotes(desk, inquiry, about, skip=0, most=_QUOTES)
    async with desk.database.reading() as connection:
        fans = await members.recorded_among(connection, found.tally.members)
        customers = await members.customers_of(connection, fans)
        reached = await reach_of(desk, connection, customers)
    period = await understood(desk, inquiry.group_ids, inquiry.period, inquiry.members)
    names = names_of(about.thing, desk.lexicon)
    private = is_private_thing(names, period, is_private_matter)
    return Concerned(
        messages={one: found.tally.members[one] for one in sorted(fans)},
        reached=reached,
        quotes=() if tells_who(inquiry, found.speakers) else tuple(found.quotes),
        tag=None if private else tag_about(desk.say, about),
    )


def tag_about(say: Say, about: About) -> str:
    """The tag of those whom a thing concerns: 讨厌:气味, 补货:面膜."""
    how = say("说到")
    if about.stance is not None:
        how = say(STANCES[about.stance])
    elif about.kind is not None:
        how = say(DEMANDS[about.kind])
    tag = f"{how}:{about.thing}" if about.thing else how
    return tag[:_LONGEST_TAG]


async def tag_them(desk: Desk, asked: Asked, found: Concerned, tag: str) -> int:
    """Tag the fans that a thing concerns, in small transactions; how many carry the tag then.

    What a manager has set stays as it is. The tag ends as one by a watched word does.
    """
    now = desk.clock.now()
    until = now + desk.shop.interest_for
    ids = list(found.messages)
    tagged = 0
    for start in range(0, len(ids), _AT_ONCE):
        async with desk.database.writing() as connection:
            asked_about = ids[start : start + _AT_ONCE]
            some = await members.recorded_among(connection, asked_about, hold=True)
            await tags.set_tags(
                connection,
                [
                    Tag(one, tag, f"{BY_RULE}{RULE}", str(found.messages[one]), now, until)
                    for one in some
                ],
            )
        tagged += len(some)
    async with desk.database.writing() as connection:
        details = {"tag": tag, "members": tagged}
        await audit.note(connection, audit.Entry(now, asked.actor, "tag", tag, details))
    return tagged


def written_for(desk: Desk, inquiry: Inquiry, tag: str) -> str:
    """How an audience is written: who carries a tag in the groups that were asked about."""
    return f"@{quoted(desk.say('标签:{tag}', tag=tag))} {inquiry.aimed}".rstrip()


async def others_among(desk: Desk, chosen: Chosen, found: Concerned) -> int:
    """How many customers of an audience are none of those whom a thing concerns."""
    now = desk.clock.now()
    async with desk.database.reading() as connection:
        meant = await whom(connection, desk.shop_id, chosen.audience, now)
        theirs = await members.customers_of(connection, found.messages)
    return len(set(meant.customers).difference(theirs))
