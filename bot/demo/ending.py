"""What the simulated days came to: the demo's one document, and the text that ends it.

Neither holds anything that differs between two equal runs: no real times, ports or random ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.demand import report
from handlers.desk import Desk
from handlers.period import last_days
from handlers.report_text import report_text
from scheduler.bodies import content_of
from storage import campaigns, deliveries, posts, tags
from storage.groups import all_groups
from storage.members import count_members
from storage.messages import count_messages

_REPORT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Ending:
    """The document that `--json` prints, and the report as people read it."""

    document: dict[str, Any]
    text: str


async def ending_of(desk: Desk) -> Ending:
    """What the days came to, as a document and as a text."""
    async with desk.database.reading() as connection:
        counted = await deliveries.counts(connection)
        sent = await posts.all_sent(connection)
        bodies = await campaigns.bodies(connection, sorted({one.version_id for one in sent}))
        document: dict[str, Any] = {
            "messages": await count_messages(connection),
            "members": await count_members(connection),
            "tags": dict(await tags.tag_counts(connection, desk.clock.now())),
            "deliveries": counted,
            "posts": [
                {
                    "at": desk.shop.local(one.at).isoformat(timespec="seconds"),
                    "group": one.name,
                    "campaign": one.campaign,
                    "slot": one.slot,
                    "text": content_of(bodies[one.version_id], one.slot, one.name).text,
                }
                for one in sent
                if not one.in_private
            ],
        }
        groups = await all_groups(connection, desk.shop_id)
    period = last_days(desk, _REPORT_DAYS)
    found = await report(desk, groups, period)
    document["report"] = found.to_json()
    states = ", ".join(f"{state} {count}" for state, count in counted.items() if count)
    totals = (
        f"{document['messages']} messages, {document['members']} members, "
        f"{sum(document['tags'].values())} tags; deliveries: {states}"
    )
    said = report_text(desk.say, found, period, [group.name for group in groups])
    return Ending(document, f"{said}\n\n{totals}")
