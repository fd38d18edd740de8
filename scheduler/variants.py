"""Who gets which variant of a campaign's words, and who is held out of it.

The planner asks `parts` how the recipients of an occurrence divide, before it inserts their
deliveries. Where a body has several texts, or the plan of a trial, a lot over the campaign and the
recipient decides: a group, or a customer, gets the same variant in every slot, whichever process
plans it. Whoever had an arm keeps it, also when the words are edited or they leave the segment that
a trial is among. Where the plan holds somebody out, that is drawn first; who is held out has a
delivery too, which `decide` leaves out with its reason, so that a comparison is read from the
ledger alone.

Greetings are divided otherwise, so that groups that share fans, and one group from year to year,
get different words (`"apart"`, see `kept_apart.py`).

A group post is divided by groups and a private message by customers: a fan who sits in two groups
cannot be left out of one of them. A topic of a group gets what the group gets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.arms import arm, group_name
from scheduler.bodies import BodyBroken, SlotUnwritten, arms_of
from scheduler.kept_apart import kept_apart
from scheduler.trial_plan import BEYOND_REACH, TrialPlan, plan_of
from storage.audiences import Whom
from storage.campaigns import bodies
from storage.outcomes import begun_version
from storage.said_before import programme_of
from storage.slots import PlannedSlot
from storage.trial_people import arms_had, those_in

Part = tuple[str | None, Whom]
"""A variant, None for the only one, and who gets it."""


async def parts(
    connection: AsyncConnection,
    slot: PlannedSlot,
    meant: Whom,
    body: Mapping[str, Any],
    now: datetime,
) -> Sequence[Part]:
    """How those whom a slot is for divide, in the order of the variants' names.

    A body that cannot be read is everybody's: each delivery of it is left out, with the reason.

    Raises:
        TrialInvalid: the plan of its trial cannot be read.
    """
    plan = await _fixed_plan(connection, slot, plan_of(body))
    try:
        arms = arms_of(body)
    except BodyBroken:
        return [(None, meant)]
    if plan is None and len(arms) == 1:
        return [(None, meant)]
    if plan is None and body.get("apart") and not meant.in_private:
        try:
            programme = await programme_of(connection, slot.campaign_id)
            groups = {group for group, _ in meant.aims}
            found = await kept_apart(connection, programme, slot, groups, body)
        except (BodyBroken, SlotUnwritten):
            return [(None, meant)]
        return _divided(meant, found.assigned.__getitem__)
    return await _by_lot(connection, slot, meant, arms, plan, now)


async def fixed_otherwise(
    connection: AsyncConnection, campaign_id: int, body: Mapping[str, Any]
) -> bool:
    """Whether the first post has fixed another trial than the one in this body, or none at all.

    Then the question would be chosen after the first answers, and it is too late for it.
    """
    if "test" not in body:
        return False
    begun = await begun_version(connection, campaign_id, BEYOND_REACH)
    if begun is None:
        return False
    said = (await bodies(connection, [begun]))[begun]
    return bool(said.get("test") != body["test"])


async def _fixed_plan(
    connection: AsyncConnection, slot: PlannedSlot, plan: TrialPlan | None
) -> TrialPlan | None:
    """The plan of a trial as the first post fixed it, whatever a later version says."""
    if plan is None:
        return None
    begun = await begun_version(connection, slot.campaign_id, BEYOND_REACH)
    if begun is None or begun == slot.version_id:
        return plan
    return plan_of((await bodies(connection, [begun]))[begun])


async def _by_lot(  # noqa: PLR0917 (whom a slot is for, and what decides about them)
    connection: AsyncConnection,
    slot: PlannedSlot,
    meant: Whom,
    arms: Sequence[str],
    plan: TrialPlan | None,
    now: datetime,
) -> Sequence[Part]:
    """Everybody in the arm that they had before, else in that of their lot."""
    tested: Collection[int] | None = None
    if plan is not None and plan.segment is not None and meant.in_private:
        tested = await those_in(connection, plan.segment, meant.customers, now)
    had = await arms_had(connection, slot, meant, BEYOND_REACH)
    hold_out = 0 if plan is None else plan.hold_out

    def drawn(identity: int) -> str | None:
        before = had.get(identity)
        if before is not None:
            return before
        if tested is not None and (identity in had or identity not in tested):
            return None
        recipient = str(identity) if meant.in_private else group_name(identity)
        return arm(slot.campaign_key, recipient, arms, hold_out)

    return _divided(meant, drawn)


def _divided(meant: Whom, variant_of: Callable[[int], str | None]) -> Sequence[Part]:
    """Recipients by their variants; None, where it is one, comes first."""
    aims: defaultdict[str | None, list[tuple[int, str | None]]] = defaultdict(list)
    for aim in meant.aims:
        aims[variant_of(aim[0])].append(aim)
    customers: defaultdict[str | None, list[int]] = defaultdict(list)
    for customer in meant.customers:
        customers[variant_of(customer)].append(customer)
    names = sorted(aims.keys() | customers.keys(), key=lambda name: name or "")
    return [
        (name, replace(meant, aims=aims.get(name, ()), customers=customers.get(name, ())))
        for name in names
    ]
