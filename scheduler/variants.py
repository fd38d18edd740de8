"""Who gets which variant of a campaign's words, and who is held out of it.

The planner asks `parts` how the recipients of an occurrence divide, before it inserts their
deliveries. Where a body has several texts, or the plan of a trial, a lot over the campaign and the
recipient decides: a group, or a customer, gets the same variant in every slot, whichever process
plans it. Where the plan holds somebody out, that is drawn first; who is held out has a delivery
too, which `decide` leaves out with its reason, so that a comparison is read from the ledger alone.

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
from scheduler.trial_plan import plan_of
from storage.audiences import Whom
from storage.said_before import programme_of
from storage.slots import PlannedSlot
from storage.trial_people import those_in

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
    plan = plan_of(body)
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
    tested: Collection[int] | None = None
    if plan is not None and plan.segment is not None and meant.in_private:
        tested = await those_in(connection, plan.segment, meant.customers, now)

    def drawn(recipient: str, identity: int) -> str | None:
        if tested is not None and identity not in tested:
            return None
        return arm(slot.campaign_key, recipient, arms, 0 if plan is None else plan.hold_out)

    if meant.in_private:
        return _divided(meant, lambda customer: drawn(str(customer), customer))
    return _divided(meant, lambda group: drawn(group_name(group), group))


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
