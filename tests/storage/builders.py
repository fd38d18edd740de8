"""Builders: a shop, its groups and fans, what they say, and a campaign, in a few words each.

Everything has a default, so that a test names only what it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import (
    analysis,
    approvals,
    attempts,
    campaigns,
    deliveries,
    due,
    groups,
    lanes,
    members,
    messages,
    shops,
    slots,
)
from storage.attempts import End
from storage.audiences import Audience
from storage.campaigns import NewCampaign, StoredCampaign
from storage.deliveries import DeliveryState, Move
from storage.due import Due
from storage.groups import Group
from storage.lanes import Lane
from storage.members import Member, Seen
from storage.messages import Heard, Recorded
from storage.seats import sit
from storage.slots import PlannedSlot
from storage.tables import deliveries as ledger

NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
ACCOUNT = PLATFORM = "room"

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALWAYS = (date.min, date.max)


async def shop(connection: AsyncConnection) -> int:
    """The one shop, made when it is first asked for."""
    return await shops.ensure_shop(connection, "shop")


async def group(
    connection: AsyncConnection, name: str, *tags: str, account: str = ACCOUNT
) -> Group:
    """A group with this name and these group tags; its platform id is `chat-NAME`."""
    chat = f"chat-{name}"
    shop_id = await shop(connection)
    made = (await groups.ensure_groups(connection, shop_id, account, [(chat, name)], NOW))[chat]
    await groups.set_group_tags(connection, made.id, tags)
    return made


async def member(
    connection: AsyncConnection, name: str, *sits_in: Group, staff: bool = False
) -> Member:
    """Somebody with this name, a fan unless `staff`, in these groups; the id is `id-NAME`."""
    seen = Seen(f"id-{name}", name, staff)
    made = (await members.ensure_members(connection, PLATFORM, [seen], NOW))[seen.person]
    await sit(connection, [(seat.id, made.id, NOW) for seat in sits_in])
    return made


def heard(
    message: str = "m1",
    *,
    chat: str | None = "chat-一群",
    sender: Seen | str = "小美",
    at: datetime = NOW,
    day: date | None = None,
    kind: str = messages.FAN,
    text: str = "这个面霜好用吗",
) -> Heard:
    """One message as it came; the sender is a name, or what the platform shows."""
    return Heard(
        message=message,
        chat=chat,
        chat_name="" if chat is None else chat.removeprefix("chat-"),
        sender=Seen(f"id-{sender}", sender) if isinstance(sender, str) else sender,
        at=at,
        day=at.date() if day is None else day,
        kind=kind,
        text=text,
    )


async def record(
    connection: AsyncConnection,
    *batch: Heard,
    cursor: str | None = None,
    account: str = ACCOUNT,
) -> list[Recorded]:
    """Store a batch that the account heard."""
    return await messages.record(
        connection,
        shop_id=await shop(connection),
        platform=PLATFORM,
        account=account,
        heard=batch,
        cursor=cursor,
    )


async def analysed(
    connection: AsyncConnection, of: Group, *days: date, version: str = "1", body: str = "{}"
) -> None:
    """Days of a group that have been read, again where they had been."""
    known = {one.day: one.claim for one in await analysis.day_states(connection, [of.id], *ALWAYS)}
    for day in days:
        claim = await analysis.claim_day(connection, of.id, day, MINUTE, seen=known.get(day))
        assert claim is not None
        assert await analysis.store_day(connection, claim, version=version, body=body, at=NOW)


def new_campaign(key: str = "c1", *, audience: Audience | None = None) -> NewCampaign:
    """What a campaign is made from."""
    return NewCampaign(
        key=key,
        programme="double11",
        name="双十一倒计时",
        schedule={"kind": "daily", "at": "10:00"},
        zone="Asia/Shanghai",
        valid_seconds=3600,
        audience=audience or Audience(),
        body={"text": "还有 {{ days }} 天"},
        created_by="manager:阿玲",
        created_at=NOW,
    )


async def campaign(
    connection: AsyncConnection, key: str = "c1", *, approved: bool = True
) -> StoredCampaign:
    """A campaign, approved unless told otherwise; one with this key is left as it stands."""
    shop_id = await shop(connection)
    made = await campaigns.create(connection, shop_id, new_campaign(key), state="draft")
    if approved and made.state == "draft":
        assert await approvals.approve(
            connection,
            made.id,
            version=made.version_id,
            state="approved",
            by="manager:阿玲",
            at=NOW,
        )
    return await stored(connection, made)


def slot_of(
    of: StoredCampaign, slot: str = "2026-11-01", at: datetime = NOW, *, priority: int = 3
) -> PlannedSlot:
    """One occurrence of a campaign, to be sent within the hour from `at` on."""
    return PlannedSlot(of.id, of.key, of.version_id, slot, at, at + HOUR, priority)


async def planned(
    connection: AsyncConnection,
    *names: str,
    key: str = "c1",
    slot: str = "2026-11-01",
    account: str = ACCOUNT,
) -> list[Due]:
    """Deliveries that are due now, one for each group named, of an approved campaign."""
    ids = [(await group(connection, name, account=account)).id for name in names]
    of = await campaign(connection, key)
    await slots.plan_for_groups(connection, slot_of(of, slot), ids, NOW)
    found = await due.due(connection, account, NOW, 10_000)
    return [one for one in found if (one.campaign_key, one.slot) == (key, slot)]


async def waiting(
    connection: AsyncConnection, *names: str, key: str = "c1", slot: str = "2026-11-01"
) -> StoredCampaign:
    """A campaign that nobody has approved, with a delivery planned for each group named."""
    ids = [(await group(connection, name)).id for name in names]
    of = await campaign(connection, key, approved=False)
    await slots.plan_for_groups(connection, slot_of(of, slot), ids, NOW)
    return of


async def put_off(
    connection: AsyncConnection, reason: str, until: datetime = NOW + HOUR + SECOND
) -> None:
    """Put everything planned off for this reason, to just after its end."""
    here = [one for one, state in (await states(connection)).items() if state == "planned"]
    moves = [Move(one, DeliveryState.PLANNED, reason, not_before=until) for one in here]
    await deliveries.move(connection, await lane(connection), moves, NOW)


async def edited(
    connection: AsyncConnection,
    of: StoredCampaign,
    text: str = "改过",
    *,
    audience: Audience | None = None,
) -> int:
    """Give a campaign other words, which nobody has approved; the version."""
    return await campaigns.add_version(
        connection,
        of.id,
        body={"text": text},
        audience=audience or Audience(),
        by="manager:小陈",
        at=NOW,
    )


async def approved(
    connection: AsyncConnection, of: StoredCampaign, version: int, at: datetime = NOW
) -> bool:
    """Approve this version, if it is still the newest."""
    return await approvals.approve(
        connection, of.id, version=version, state="approved", by="manager:阿玲", at=at
    )


async def stored(connection: AsyncConnection, of: StoredCampaign) -> StoredCampaign:
    """The campaign as it stands now."""
    found = await campaigns.by_id(connection, of.id)
    assert found is not None
    return found


async def due_now(connection: AsyncConnection) -> list[Due]:
    """Everything that is due, in the order of its making."""
    return sorted(await due.due(connection, ACCOUNT, NOW, 10_000), key=lambda one: one.id)


async def lane(
    connection: AsyncConnection, holder: str = "bot-1", *, account: str = ACCOUNT
) -> Lane:
    """The lane of the account, taken over from whoever had it."""
    taken = await lanes.lease_lane(connection, account, holder, MINUTE, alone=True)
    assert taken is not None
    return taken


async def begun(
    connection: AsyncConnection, right: Lane, ready: Sequence[Due], at: datetime = NOW
) -> dict[int, int]:
    """Bring due deliveries to `sending`; delivery id → attempt id."""
    return await deliveries.begin(connection, right, [one.id for one in ready], at)


async def sent(
    connection: AsyncConnection, right: Lane, ready: Sequence[Due], at: datetime = NOW
) -> None:
    """Bring due deliveries through `sending` to `sent`; the receipt is `receipt-GROUP`."""
    calls = await begun(connection, right, ready, at)
    moves = [
        Move(one.id, DeliveryState.SENT, receipt=f"receipt-{one.recipient.name}") for one in ready
    ]
    await deliveries.move(connection, right, moves, at)
    await attempts.end_calls(connection, [End(call, "done", None, at) for call in calls.values()])


async def states(connection: AsyncConnection) -> dict[int, str]:
    """Delivery id → state, for the whole ledger."""
    rows = await connection.execute(select(ledger.c.id, ledger.c.state))
    return {row.id: row.state for row in rows}
