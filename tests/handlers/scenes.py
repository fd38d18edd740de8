"""What tests of commands share: an answer, a confirmed broadcast, a second manager, and looks."""

from __future__ import annotations

from storage import campaigns, deliveries
from storage.campaigns import CampaignState, StoredCampaign
from tests.handlers.shop import MANAGER, Answers, Shop

TONIGHT = "今晚八点直播"
OTHER = "阿强"
"""The second manager, where there is one."""


async def says(shop: Shop, text: str, name: str = MANAGER) -> str:
    """What is answered to somebody in private: to the manager, where nobody else is named."""
    return (await shop.says(name, text, group=None)).text


async def made(shop: Shop) -> list[StoredCampaign]:
    """Every campaign of the shop."""
    async with shop.desk.database.reading() as connection:
        return await campaigns.in_states(connection, shop.desk.shop_id, list(CampaignState))


async def the_one(shop: Shop) -> StoredCampaign:
    """The shop's only campaign."""
    (campaign,) = await made(shop)
    return campaign


async def state_counts(shop: Shop) -> dict[str, int]:
    """State → number of deliveries, without those that are none."""
    async with shop.desk.database.reading() as connection:
        found = await deliveries.counts(connection)
    return {state: number for state, number in found.items() if number}


async def broadcast(shop: Shop, text: str = TONIGHT, *, to: str = "@一群") -> Answers:
    """The manager has something sent, and confirms it; what the bot answers to that."""
    await shop.says(MANAGER, f"/broadcast {to} {text}", group=None)
    return await shop.says(MANAGER, "/confirm", group=None)


async def staff_chat(shop: Shop, name: str = "店员群", *, looks_after: str = "@一群 @二群") -> None:
    """The manager makes a chat the staff's, which looks after these groups."""
    await shop.opens(name)
    await shop.says(MANAGER, f"/link {looks_after} sure", group=name)


async def second_manager(shop: Shop, name: str = OTHER) -> None:
    """Somebody else who is a manager is known to the bot."""
    shop.staff.add(name)
    await shop.says(name, "早")
