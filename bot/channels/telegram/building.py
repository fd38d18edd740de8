"""One Telegram account from its section of the configuration: every room of this package, tied."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bot.channels.known_roles import known_role
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.hearing import Hearing
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.menu import Menus
from bot.channels.telegram.polling import PollingHearing
from bot.channels.telegram.webhook import WebhookHearing
from bot.telegram_section import Telegram, telegram_account
from handlers.settings import ShopSettings
from scheduler.clock import Clock
from storage.database import Database


def build(
    name: str,
    section: Telegram,
    *,
    shop: ShopSettings,
    data: Path,
    clock: Clock,
    database: Database,
) -> TelegramChannel:
    """The channel of the account `name`, not yet opened; may read files.

    Args:
        name: what stands behind `telegram.` in the section's name.
        section: the account's configuration.
        shop: whom the shop lists as managers.
        data: the folder below which the bot's own pictures lie.
        clock: what time it is.
        database: where what buttons say and who is staff is kept.

    Raises:
        SecretUnreadable: a token or a secret is not where the section says.
    """
    connection = TelegramConnection(section.token_for(name), section.api)
    intake = Intake(
        account=telegram_account(name), connection=connection, database=database, clock=clock
    )
    return TelegramChannel(
        name=name,
        connection=connection,
        hearing=_hearing(name, section, connection, intake),
        menus=Menus(connection, partial(known_role, database, shop, "telegram")),
        database=database,
        clock=clock,
        data=data,
    )


def _hearing(
    name: str, section: Telegram, connection: TelegramConnection, intake: Intake
) -> Hearing:
    if section.mode == "polling":
        return PollingHearing(connection, intake)
    return WebhookHearing(
        connection,
        intake,
        url=section.url,
        host=section.host,
        port=section.port,
        secret=section.secret_for(name),
    )
