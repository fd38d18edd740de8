"""The wording rules and campaigns: what a content version would say, and who let what of it pass.

A preview shows the hits, `/confirm` and `/approve` refuse what is held back, and `/override` lets
it pass for exactly the content that was shown: in the audit log, and in the version's `overrides`,
which the sender's feed reads. Words that are edited lose it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Asked, Desk
from handlers.wording_check import hit_lines, hits_in
from scheduler.bodies import content_of, is_literal, is_personal, variants_of, written_at
from scheduler.campaigns import CampaignState
from scheduler.content import Button, Content
from scheduler.left_alone import stand_by_approved
from scheduler.variants import parts
from scheduler.ware_check import ware_hits
from scheduler.wording_gate import in_yuan
from scheduler.wording_rules import PRICE, Hit, blocking
from storage import audit, campaigns, confirmations, products
from storage.campaigns import StoredCampaign
from storage.confirmations import Confirmation
from storage.errors import SchedulingError

_NAME = "小鱼"
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_CLOSED = (CampaignState.CANCELLED, CampaignState.FINISHED)


@dataclass(frozen=True, slots=True)
class Unfit:
    """What is to be said breaks wording rules; `number` is the preview's, or the campaign's."""

    number: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class LetPass:
    """These hits of a preview or a campaign hold nothing back any more."""

    hits: tuple[Hit, ...]
    campaign: StoredCampaign | None = None


@dataclass(frozen=True, slots=True)
class NothingHeld:
    """There is no such preview or campaign, or no wording rule holds it back."""


async def hits_of(
    desk: Desk,
    connection: AsyncConnection,
    bodies: Collection[Mapping[str, Any]],
    accounts: Collection[str] = (),
) -> tuple[Hit, ...]:
    """What the rules find in all that these bodies may say; without what managers let pass.

    Args:
        desk: whose shop.
        connection: to ask for the prices that the shop's sources name.
        bodies: of content versions.
        accounts: those they would go out through; none: all of the shop.
    """
    prices = in_yuan(await products.known_prices(connection, desk.shop_id))
    found: dict[tuple[str, str], Hit] = {}
    for body in bodies:
        passed = body.get("overrides", ())
        for hit in await ware_hits(connection, body):
            found.setdefault((hit.rule, hit.words), hit)
        spared = [desk.say(_NAME), str(body.get("variables", {}).get("shop", ""))]
        said = list(dict.fromkeys(_contents(body, desk.say(_NAME))))
        for hit in hits_in(desk, said, accounts=accounts, known_prices=prices, names=spared):
            if hit.rule not in passed:
                found.setdefault((hit.rule, hit.words), hit)
    hits = list(found.values())
    held = blocking(hits)
    return (*held, *(hit for hit in hits if hit not in held))


def _contents(body: Mapping[str, Any], name: str) -> Iterator[Content]:
    """Each message that a body may come to: every variant of every slot or topic it writes for."""
    private = is_personal(body)
    for slot in [""] if is_literal(body) else body["templates"]:
        for variant in variants_of(body, slot):
            try:
                yield content_of(body, slot, name, in_private=private, variant=variant)
            except SchedulingError:
                # It lacks what only a slot's own facts fill in: its fixed words can be looked at.
                yield Content(_TEMPLATE.sub("", written_at(body, slot)[variant]))


def wording_lines(desk: Desk, hits: Collection[Hit]) -> list[str]:
    """The lines of a preview about its wording: none where nothing was found."""
    return [desk.say("措辞："), *hit_lines(desk, hits)] if hits else []


def held_question(desk: Desk, number: int) -> str:
    """What a preview asks for that is held back: to change it, or to let it pass."""
    return desk.say(
        "打 ✗ 的先改一改，再发一次命令。核对过没问题，10 分钟内发 /override {number} 放行。",
        number=number,
    )


def held_buttons(desk: Desk, number: int) -> tuple[Button, Button]:
    """The buttons below such a preview."""
    return (
        Button(desk.say("没问题，放行"), f"/override {number}"),
        Button(desk.say("不发了"), "/dismiss"),
    )


def bodies_of(shown: Confirmation) -> list[dict[str, Any]]:
    """The bodies in what a manager was shown: of one campaign, or of all that a programme makes."""
    if "body" in shown.body:
        return [shown.body["body"]]
    return [one["body"] for part in ("made", "changed") for one in shown.body.get(part, ())]


async def override_shown(desk: Desk, asked: Asked, number: int) -> LetPass | NothingHeld:
    """Let what this manager was shown last pass, as it was shown."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        shown = await confirmations.latest(connection, asked.member.id)
        if shown is None or shown.id != number or shown.used or now >= shown.expires_at:
            return NothingHeld()
        bodies = bodies_of(shown)
        hits = blocking(await hits_of(desk, connection, bodies))
        if not hits:
            return NothingHeld()
        for body in bodies:
            # Each lets pass what it says itself, and nothing that another one says.
            if own := blocking(await hits_of(desk, connection, [body])):
                body["overrides"] = _with_rules(body, own)
        await confirmations.amend(connection, shown.id, shown.body)
        subject = await _subject(connection, shown)
        await _note(connection, desk, asked, subject, hits)
    return LetPass(hits)


async def override_campaign(desk: Desk, asked: Asked, number: int) -> LetPass | NothingHeld:
    """Let what a campaign says pass; it is a new content version, which waits for approval."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        campaign = await campaigns.numbered(connection, desk.shop_id, number)
        if campaign is None or campaign.state in _CLOSED:
            return NothingHeld()
        body = (await campaigns.bodies(connection, [campaign.version_id]))[campaign.version_id]
        hits = blocking(await hits_of(desk, connection, [body]))
        if not hits:
            return NothingHeld()
        await campaigns.add_version(
            connection,
            campaign.id,
            body={**body, "overrides": _with_rules(body, hits)},
            audience=campaign.audience,
            by=asked.actor,
            at=now,
            divide=parts,
        )
        await stand_by_approved(connection, campaign.id, now)
        await _note(connection, desk, asked, campaign.key, hits)
        return LetPass(hits, await campaigns.by_id(connection, number))


async def still_passed(
    desk: Desk,
    connection: AsyncConnection,
    body: Mapping[str, Any],
    before: Sequence[str],
    new: Mapping[str, Any],
) -> dict[str, Any]:
    """A body that was made anew, with those of the rules that a manager let pass `before`.

    None is kept that its `new` words break, and nothing is said in advance about their prices.
    """
    if not new["templates"]:
        kept = list(before)
    else:
        asked = {PRICE, *(hit.rule for hit in await hits_of(desk, connection, [new]))}
        kept = [rule for rule in before if rule not in asked]
    return {**body, "overrides": kept} if kept else dict(body)


def _with_rules(body: Mapping[str, Any], hits: Sequence[Hit]) -> list[str]:
    """The rules that a body may break now."""
    return sorted({*body.get("overrides", ()), *(hit.rule for hit in hits)})


async def _subject(connection: AsyncConnection, shown: Confirmation) -> str:
    """What the audit log calls what was shown: a campaign by its key, a programme by its year."""
    if "campaign_id" in shown.body:
        campaign = await campaigns.by_id(connection, shown.body["campaign_id"])
        return str(shown.body["campaign_id"]) if campaign is None else campaign.key
    year = shown.body.get("year")
    return str(shown.body["key"]) if year is None else f"{shown.body['key']}:{year}"


async def _note(
    connection: AsyncConnection, desk: Desk, asked: Asked, subject: str, hits: Sequence[Hit]
) -> None:
    details = {
        "rules": sorted({hit.rule for hit in hits}),
        "words": list(dict.fromkeys(hit.words for hit in hits)),
    }
    entry = audit.Entry(desk.clock.now(), asked.actor, "override", subject, details)
    await audit.note(connection, entry)
