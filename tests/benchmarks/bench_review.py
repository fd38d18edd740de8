"""Prints how long it takes to count what came of a whole programme, on 20,000 fans in 200 groups.

The programme posts to every group on each of forty days, and writes to every fan five times: some
108,000 deliveries. Fans said 25 messages each meanwhile; one of them replied to a post, and some
opted out, left, and redeemed coupons. Counted are the programme as a whole, its phases and its
tasks, as a review asks for them; told beside is how long the loop was held up at most, the first
time: most of that is writing down the questions.

Run it with: python -m tests.benchmarks.bench_review [FANS]
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.aftermath import Part, aftermath
from storage.aftermath_questions import Looking
from storage.campaigns import StoredCampaign
from storage.columns import UtcDateTime
from storage.database import Database
from storage.outcome_sources import Metric
from storage.review_ledger import groups_concerned, stands
from storage.tables import (
    comings,
    coupon_batches,
    coupons,
    customers,
    deliveries,
    groups,
    members,
    memberships,
    messages,
)
from tests.benchmarks import _engines
from tests.benchmarks._shop import NOON, make_campaign, make_groups, make_people, seat_people

FANS, GROUPS = 20_000, 200
POSTS, LETTERS, PHASES, EACH = 40, 5, 4, 25
WINDOW = timedelta(hours=48)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_TICK = 0.005  # seconds


async def prepare(connection: AsyncConnection, fans: int) -> StoredCampaign:
    """The shop, and the programme that has been lived through."""
    await make_groups(connection, GROUPS, "account")
    await make_people(connection, fans)
    await seat_people(connection, fans, GROUPS, "老客")
    campaign = await make_campaign(connection, "double11")
    for number in range(POSTS):
        await _deliver(connection, campaign, number, in_private=False)
    for number in range(LETTERS):
        await _deliver(connection, campaign, number * 8, in_private=True)
    for number in range(EACH):
        await _say(connection, number)
    await _go(connection, campaign)
    return campaign


async def _deliver(
    connection: AsyncConnection, campaign: StoredCampaign, day: int, *, in_private: bool
) -> None:
    """One post to every group, or one message to every fan, sent on this day."""
    slot = f"{'letter' if in_private else 'post'}-{day}"
    at = literal(NOON + day * _DAY, UtcDateTime())
    whom: ColumnElement[int] = members.c.id if in_private else groups.c.id
    address = literal(f"{slot}-") + cast(whom, String)
    given: dict[str, ColumnElement[Any]] = {
        "key": address,
        "campaign_id": literal(campaign.id),
        "version_id": literal(campaign.version_id),
        "slot": literal(slot),
        "account": literal("account"),
        "address": address,
        "state": literal("sent"),
        **dict.fromkeys(("not_before", "not_after", "began_at", "moved_at"), at),
        "receipt": address,
        "member_id" if in_private else "group_id": whom,
    }
    sent: Select[*tuple[Any, ...]] = select(*given.values())
    await connection.execute(insert(deliveries).from_select(list(given), sent))


async def _say(connection: AsyncConnection, number: int) -> None:
    """A message of every fan; the first replies to what was posted that day."""
    day = number * POSTS // EACH
    seat = memberships.c.group_id
    reply = literal(f"post-{day}-") + cast(seat, String) if number == 0 else literal(None)
    values = [
        literal("account"),
        literal(f"m{number}-") + cast(memberships.c.member_id, String),
        seat,
        memberships.c.member_id,
        literal(NOON + day * _DAY + _HOUR, UtcDateTime()),
        literal("fan"),
        literal("暖群的面霜什么时候补货呀" if number % 5 == 0 else "收到了，很好用，谢谢"),
        reply,
    ]
    names = ["account", "message", "group_id", "member_id", "at", "kind", "text", "reply_to"]
    await connection.execute(insert(messages).from_select(names, select(*values)))


async def _go(connection: AsyncConnection, campaign: StoredCampaign) -> None:
    """Every hundredth fan opts out, another one leaves, and every thirtieth redeems a coupon."""
    later = literal(NOON + 10 * _DAY + _HOUR, UtcDateTime())
    await connection.execute(
        update(customers).where(customers.c.id % 100 == 1).values(opted_out_at=later)
    )
    await connection.execute(
        insert(comings).from_select(
            ["group_id", "member_id", "at", "came"],
            select(
                memberships.c.group_id, memberships.c.member_id, later, literal(value=False)
            ).where(memberships.c.member_id % 100 == 2),
        )
    )
    batch = await connection.scalar(
        insert(coupon_batches)
        .values(shop_id=campaign.shop_id, name="减", gives="减", made_by="x", made_at=NOON)
        .returning(coupon_batches.c.id)
    )
    await connection.execute(
        insert(coupons).from_select(
            ["batch_id", "code", "added", "customer_id", "handed_at", "redeemed_at"],
            select(
                literal(batch),
                cast(customers.c.id, String),
                literal("m"),
                customers.c.id,
                later,
                later,
            ).where(customers.c.id % 30 == 3),
        )
    )


def _parts(campaign: StoredCampaign) -> dict[str, Part]:
    """The whole, its phases, and its tasks."""
    posts = {day: f"post-{day}" for day in range(POSTS)}
    letters = {number * 8: f"letter-{number * 8}" for number in range(LETTERS)}
    found: dict[str, Part] = {"": {campaign.id: [*posts.values(), *letters.values()]}}
    for phase in range(PHASES):
        days = range(phase * POSTS // PHASES, (phase + 1) * POSTS // PHASES)
        slots = [one[day] for day in days for one in (posts, letters) if day in one]
        found[f"phase-{phase}"] = {campaign.id: slots}
    tasks = {slot: {campaign.id: [slot]} for slot in (*posts.values(), *letters.values())}
    return found | tasks


async def measure(url: str, fans: int) -> None:
    """Count it all, and print how long that takes and what it finds."""
    database = await Database.open(url)
    async with database.writing() as connection:
        campaign = await prepare(connection, fans)
    await _engines.settle(database)
    looking = Looking(WINDOW, ["暖群"], NOON - 30 * _DAY)
    async with database.reading() as connection:
        began = time.perf_counter()
        found = await stands(connection, [campaign.id])
        await groups_concerned(connection, [campaign.id])
        took = time.perf_counter() - began
        print(f"  {took:6.2f} s  {sum(one.count for one in found):,} deliveries", flush=True)
        stop = asyncio.Event()
        holding = asyncio.create_task(_held_up(stop))
        began = time.perf_counter()
        worked = time.process_time()
        came = await aftermath(connection, _parts(campaign), looking)
        took = time.perf_counter() - began
        stop.set()
        whole = came[""]
        told = ", ".join(f"{metric} {whole.people(metric):,}" for metric in Metric)
        cpu = time.process_time() - worked
        print(f"  {took:6.2f} s  {len(came)} parts; {whole.fans:,} fans: {told}")
        print(f"  {cpu:6.2f} s  of work in this process")
        print(f"  {await holding:6.2f} s  the loop worked at a stretch at most")
    await database.close()


async def _held_up(stop: asyncio.Event) -> float:
    """The longest that the loop worked without a pause until then, in seconds of its own thread."""
    longest = 0.0
    while not stop.is_set():
        began = time.thread_time()
        await asyncio.sleep(_TICK)
        longest = max(longest, time.thread_time() - began)
    return longest


def main() -> None:
    """Measure what there is."""
    fans = int(sys.argv[1]) if len(sys.argv) > 1 else FANS
    letters = fans * LETTERS
    print(f"{fans:,} fans, {GROUPS} groups, {POSTS * GROUPS:,} posts and {letters:,} messages")
    with _engines.postgres_server() as server:
        for name, database in _engines.engines(server):
            print(name)
            with database() as url:
                asyncio.run(measure(url, fans))


if __name__ == "__main__":
    main()
