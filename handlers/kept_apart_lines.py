"""What of a greeting could not be kept apart, in words: for whoever is asked to approve it.

Groups that share fans get different texts, and none its own of the last two years, as far as the
texts suffice (`scheduler/kept_apart.py`). Where they do not, a manager sees it before they say yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk, shortened
from scheduler.apart import Clash
from scheduler.bodies import BodyBroken, SlotUnwritten
from scheduler.campaigns import Occurrence
from scheduler.kept_apart import kept_apart
from storage.groups import Group
from storage.slots import PlannedSlot

_SHOWN = 5
NO_CAMPAIGN = 0
"""The id of a campaign that is still to be made."""


async def kept_apart_lines(
    desk: Desk,
    connection: AsyncConnection,
    body: Mapping[str, Any],
    post: Occurrence | None,
    chosen: Sequence[Group],
    *,
    programme: str,
    campaign_id: int = NO_CAMPAIGN,
) -> list[str]:
    """Which groups get the same words as a neighbour, or as before; nothing where none do.

    `post` is the next one of a campaign (by its id, where it exists already); a body that is not
    kept apart has no such lines.
    """
    if post is None or not body.get("apart") or not chosen:
        return []
    slot = PlannedSlot(campaign_id, "", 0, post.slot, post.at, post.not_after)
    names = {group.id: group.name for group in chosen}
    try:
        found = await kept_apart(connection, programme, slot, names, body)
    except (BodyBroken, SlotUnwritten):
        return []  # the preview itself tells what is wrong
    return _lines(desk, found.clashes, names)


def _lines(desk: Desk, clashes: Iterable[Clash], names: Mapping[int, str]) -> list[str]:
    say = desk.say
    rows = []
    for one in clashes:
        group = shortened(names.get(one.group, say("别的群")))
        if one.neighbour is None:
            rows.append(say("· 「{group}」两年内听过这一段", group=group))
        else:
            other = shortened(names.get(one.neighbour, say("别的群")))
            rows.append(
                say(
                    "· 「{group}」和「{other}」有共同的粉丝，这次说的一样", group=group, other=other
                )
            )
    if not rows:
        return []
    shown = rows[:_SHOWN]
    if len(rows) > _SHOWN:
        shown.append(say("· 还有 {count} 处", count=len(rows) - _SHOWN))
    return [say("文案不够分，有 {count} 处会重复：", count=len(rows)), *shown]
