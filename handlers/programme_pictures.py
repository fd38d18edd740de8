"""The pictures of a programme's countdown: what is in them before the yes, and drawn at the yes.

A preview must answer at once, so nothing is drawn for it. In a body that is only proposed the
address of such a picture is what it is to be drawn from (`countdown:{...}`); the yes has all of
them drawn in one go, before anything is made, and what is made holds the pictures themselves. What
stands in the wording rules' way, or has no font, goes without, and the preview says so. One that is
the same as before is not drawn again. Before the yes each can be looked at alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from handlers.desk import Desk
from handlers.pictures.countdown import countdown_pictures, sheet_to_draw
from handlers.pictures.fonts import find_fonts
from handlers.pictures.sheet import CountdownSheet
from handlers.programme_drafts import Draft, in_pictures
from scheduler.campaigns import Occurrence
from scheduler.content import Picture
from scheduler.programme_parts import COUNTDOWN, Programme
from scheduler.programme_plan import ProgrammePlan
from storage.campaigns import StoredCampaign

Document = Mapping[str, Any]
Drawn = Mapping[str, list[dict[str, str]]]
"""Address of what is to be drawn → the pictures in its place, as a body holds them."""

_TO_DRAW = f"{COUNTDOWN}:"


async def with_countdowns(
    desk: Desk, programme: Programme, plan: ProgrammePlan, draft: Draft, said: Document | None
) -> Draft:
    """The draft with the pictures of its countdown, as they are to be drawn.

    `said` is what stands in its place: where the same is in a picture of it, that stays.
    """
    now = desk.shop.local(desk.clock.now()).replace(tzinfo=None)
    coming = {post.slot for post in plan.posts if post.until >= now}
    pictures = dict(draft.body.get("pictures", {}))
    bare = []
    for slot in draft.counting:
        kept = None if said is None else said.get("pictures", {}).get(slot)
        if said is not None and kept and _as_before(draft.body, said, slot):
            pictures[slot] = kept
        elif slot in coming:
            facts = draft.body.get("facts", {}).get(slot, {})
            if found := await to_draw(desk, programme, facts):
                pictures[slot] = found
            else:
                bare.append(slot)
    body = {**draft.body, "pictures": pictures} if pictures else draft.body
    return replace(draft, body=body, bare=tuple(bare))


def _as_before(body: Document, said: Document, slot: str) -> bool:
    return in_pictures(body, [slot]) == in_pictures(said, [slot])


async def to_draw(desk: Desk, programme: Programme, facts: Document) -> list[dict[str, str]]:
    """The picture of a countdown with the facts of its slot, to be drawn; none where none can be.

    A post that speaks of a node counts down to that one, any other to the programme's day.
    """
    sheet = _sheet(desk, programme, facts)
    if sheet is None or await asyncio.to_thread(find_fonts) is None:
        return []
    source = _TO_DRAW + json.dumps(asdict(sheet), ensure_ascii=False, sort_keys=True)
    return [{"source": source, "caption": ""}]


def _sheet(desk: Desk, programme: Programme, facts: Document) -> CountdownSheet | None:
    node = str(facts.get("node", ""))
    name = programme.names.get(desk.shop.language, programme.names["zh"])
    return sheet_to_draw(
        desk,
        days=facts.get("node_days" if node else "days"),
        title=f"{name} {node}" if node else name,
        product=str(facts.get("product", "")),
        node=str(facts.get("node_at", "")),
    )


async def drawn_for(bodies: Iterable[Document]) -> Drawn:
    """What is to be drawn in these bodies, drawn; what could not be is replaced by nothing."""
    sources = {source for body in bodies for source in _sources(body)}
    wanted = sorted(sources)
    if not wanted:
        return {}
    sheets = [CountdownSheet(**json.loads(one.removeprefix(_TO_DRAW))) for one in wanted]
    found = await countdown_pictures(sheets)
    return {
        source: [] if one is None else [{"source": one.source, "caption": one.caption}]
        for source, one in zip(wanted, found, strict=True)
    }


def with_drawn(body: dict[str, Any], drawn: Drawn) -> None:
    """Put pictures into a body in the place of what they were drawn from; else nothing."""
    if not any(_sources(body)):
        return
    pictures = {
        slot: [
            each
            for one in some
            for each in (drawn.get(one["source"], []) if _is_to_draw(one) else [one])
        ]
        for slot, some in body["pictures"].items()
    }
    body["pictures"] = {slot: some for slot, some in pictures.items() if some}


def _sources(body: Document) -> list[str]:
    some = body.get("pictures", {}).values()
    return [one["source"] for pictures in some for one in pictures if _is_to_draw(one)]


def _is_to_draw(picture: Mapping[str, str]) -> bool:
    return picture["source"].startswith(_TO_DRAW)


async def picture_at(
    desk: Desk, programme: Programme, plan: ProgrammePlan, slot: str, body: Document | None
) -> Picture | None:
    """The picture of one post, drawn now where it has yet to be; None where it has none."""
    if body is None:
        return None
    for one in body.get("pictures", {}).get(slot, ()):
        return Picture(**one)
    if not any(post.slot == slot and post.picture == COUNTDOWN for post in plan.posts):
        return None
    sheet = _sheet(desk, programme, body.get("facts", {}).get(slot, {}))
    return None if sheet is None else (await countdown_pictures([sheet]))[0]


def look_line(desk: Desk, key: str, pictured: Iterable[str | int]) -> list[str]:
    """How to see the picture of a programme's post, of these by number or slot; none: nothing."""
    first = next(iter(pictured), None)
    if first is None:
        return []
    return [desk.say("图先看一眼：/programme {call}", call=f"{key} {first}")]


def pictured_slots(
    campaign: StoredCampaign, body: Document, posts: Iterable[Occurrence]
) -> list[str]:
    """The slots of a programme's posts that have a picture of their own."""
    pictures = body.get("pictures", {}) if campaign.running_id is not None else {}
    return [one.slot for one in posts if one.slot in pictures]
