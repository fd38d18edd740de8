"""What a year left behind, read from the ledger into the values that are judged.

The window of a delivery is what its campaign's schedule says of its slot, and not what the ledger
says now: a delivery that was put off has a later beginning there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from lunar_python import Lunar
from sqlalchemy import select

from handlers.draws import faults_in
from scheduler.campaigns import Campaign, CampaignState, Occurrence, occurrences_of
from scheduler.planner import campaign_value
from storage import campaigns, rounds
from storage.said_before import neighbours
from storage.tables import customers, deliveries, groups, members
from tests.handlers.shop import Shop
from tests.simulation.agenda import MOURNING
from tests.simulation.judge import Arrival, Drawn, Planned

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(2100, 1, 1, tzinfo=UTC)
_MEMORIAL = (12, 13)
_GHOSTS = (7, 15)  # 中元, by the lunar calendar


async def ledger(shop: Shop) -> list[Planned]:
    """Every delivery of the shop."""
    async with shop.desk.database.reading() as connection:
        stored = await campaigns.in_states(connection, shop.desk.shop_id, list(CampaignState))
        rows = await connection.execute(
            select(
                deliveries.c.key,
                deliveries.c.campaign_id,
                deliveries.c.slot,
                deliveries.c.group_id,
                deliveries.c.state,
                deliveries.c.reason,
                members.c.customer_id,
                groups.c.zone.label("group_zone"),
                customers.c.zone.label("customer_zone"),
            )
            .select_from(
                deliveries.outerjoin(groups, groups.c.id == deliveries.c.group_id)
                .outerjoin(members, members.c.id == deliveries.c.member_id)
                .outerjoin(customers, customers.c.id == members.c.customer_id)
            )
            .order_by(deliveries.c.id)
        )
        found = rows.all()
    values = {one.id: campaign_value(one) for one in stored}
    windows = {number: _windows(campaign) for number, campaign in values.items()}
    planned = []
    for row in found:
        campaign, window = values[row.campaign_id], windows[row.campaign_id][row.slot]
        private = row.group_id is None
        planned.append(
            Planned(
                key=row.key,
                campaign=campaign.key,
                programme=campaign.programme,
                name=campaign.name,
                slot=row.slot,
                to=f"customer:{row.customer_id}" if private else f"group:{row.group_id}",
                private=private,
                state=row.state,
                reason=row.reason,
                opens=window.at,
                closes=window.not_after,
                zone=ZoneInfo(row.group_zone or row.customer_zone or campaign.zone),
                promotion=campaign.promotion,
            )
        )
    return planned


def _windows(campaign: Campaign) -> Mapping[str, Occurrence]:
    """Slot → when it may be said."""
    return {one.slot: one for one in occurrences_of(campaign, _BEGIN, _END)}


async def everybodys_groups(shop: Shop) -> tuple[list[str], list[tuple[str, str]]]:
    """All groups, and the pairs of them that share fans, as they are written in `Planned.to`."""
    async with shop.desk.database.reading() as connection:
        ids = list(await connection.scalars(select(groups.c.id).order_by(groups.c.id)))
        pairs = await neighbours(connection, ids)
    return [f"group:{one}" for one in ids], [(f"group:{a}", f"group:{b}") for a, b in pairs]


async def draws(shop: Shop, arrivals: Iterable[Arrival]) -> list[Drawn]:
    """Every draw that is over, with how often the network saw its result and its winners' news."""
    keys = Counter(arrival.key for arrival in arrivals)
    async with shop.desk.database.reading() as connection:
        latest = await rounds.latest_rounds(
            connection, shop.desk.shop_id, rounds.RoundKind.DRAW, 1_000
        )
        entered = {one.id: await rounds.entries(connection, one.id) for one in latest}
    found = []
    for one in latest:
        if one.result is None:
            continue
        numbers = [number for some in one.result["winners"] for number in some]
        begun = f"{one.key}:result/"
        found.append(
            Drawn(
                title=one.title,
                winners=tuple(numbers),
                tickets={entry.number: entry.customer_id for entry in entered[one.id]},
                results={key: count for key, count in keys.items() if key.startswith(begun)},
                told={
                    number: sum(
                        count
                        for key, count in keys.items()
                        if key.startswith(f"draw:{one.id}/{number}/")
                        or key == f"draw:{one.id}/{number}"
                    )
                    for number in numbers
                },
                faults=tuple(faults_in(one.result)),
            )
        )
    return found


def quiet_days(year: int) -> frozenset[date]:
    """The days of a year on which nothing is sold: reckoned here, and not asked of the product."""
    # 清明 by the table of solar terms of the lunar year that begins before it.
    term = Lunar.fromYmd(year, 1, 1).getJieQiTable()["清明"]
    ghosts = Lunar.fromYmd(year, *_GHOSTS).getSolar()
    return frozenset(
        {
            date(term.getYear(), term.getMonth(), term.getDay()),
            date(ghosts.getYear(), ghosts.getMonth(), ghosts.getDay()),
            date(year, *_MEMORIAL),
            date(year, *MOURNING),
        }
    )
