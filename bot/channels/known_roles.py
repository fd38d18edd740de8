"""What somebody is to the bot, as far as it is stored: for channels that know their managers."""

from __future__ import annotations

from handlers.roles import Role, role_of
from handlers.settings import ShopSettings
from storage.database import Database
from storage.members import member_known_as


async def known_role(database: Database, shop: ShopSettings, platform: str, person: str) -> Role:
    """The role of somebody by their id on a platform; who was never met is a fan."""
    async with database.reading() as connection:
        found = await member_known_as(connection, platform, person)
    return Role.FAN if found is None else role_of(found, shop)
