"""One WeChat account from its section of the configuration: every room of this package, tied."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from bot.channels.known_roles import known_role
from bot.channels.wechat.caution import PLATFORM, Caution, limits_of
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.choices import Choices
from bot.channels.wechat.connection import GatewayConnection, Trust
from bot.channels.wechat.hearing import WeChatHearing
from bot.channels.wechat.own_posts import OwnPosts
from bot.channels.wechat.scan_code import show_scan
from bot.wechat_section import WeChat, wechat_account
from handlers.arrivals.hosts import Place, private_places
from handlers.settings import ShopSettings
from scheduler.clock import Clock
from scheduler.courier import Limits
from storage.database import Database


def build(
    name: str,
    section: WeChat,
    *,
    shop: ShopSettings,
    data: Path,
    clock: Clock,
    database: Database,
) -> WeChatChannel:
    """The channel of the account `name`, not yet opened; may read files.

    Args:
        name: what stands behind `wechat.` in the section's name.
        section: the account's configuration.
        shop: whom the shop lists as managers, and which language it speaks.
        data: the folder below which the bot's own pictures lie, and those of staff are kept.
        clock: what time it is.
        database: where what the account says and knows is kept.

    Raises:
        SecretUnreadable: the token is not where the section says.
    """
    account = wechat_account(name)
    feeds = shop.arrivals.feeds.values()
    private = frozenset[Place]().union(*map(private_places, feeds))
    gateway = connection(name, section, private)
    caution = Caution(account, database, clock, limits(section))
    own_posts = OwnPosts(account, database, clock, caution)
    choices = Choices(account, database, clock)
    hearing = WeChatHearing(
        gateway=gateway,
        account=account,
        database=database,
        clock=clock,
        own_posts=own_posts,
        choices=choices,
        role_of=partial(known_role, database, shop, PLATFORM),
        show_scan=show_scan,
        caution=caution,
        data=data,
    )
    return WeChatChannel(
        name=name,
        gateway=gateway,
        hearing=hearing,
        own_posts=own_posts,
        choices=choices,
        caution=caution,
        clock=clock,
        data=data,
        language=shop.language,
    )


def connection(name: str, section: WeChat, private: Collection[Place] = ()) -> GatewayConnection:
    """The way to an account's gateway, not yet taken; may read a file.

    Pictures come from the web, and from those `private` places that the shop has configured.

    Raises:
        SecretUnreadable: the token is not where the section says.
    """
    token, trust = section.token_for(name), trust_of(section)
    return GatewayConnection(section.endpoint, token, trust, private=private)


def trust_of(section: WeChat) -> Trust | None:
    """Who the gateway has to be; None where nobody is in between."""
    return None if section.ca_file is None else Trust(section.ca_file, section.certified_name)


def limits(section: WeChat) -> Limits:
    """How gently the account speaks."""
    return limits_of(
        seconds_between=section.seconds_between,
        room_a_minute=section.room_a_minute,
        messages_a_day=section.messages_a_day,
        pauses=(section.pause_from, section.pause_until),
    )
