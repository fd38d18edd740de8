"""What the doctor looks at of a WeChat account: its gateway, the wire, the log-in, its folder.

It only asks. Nothing is started or logged in, and where a bot listens already, that one is not
disturbed: a gateway turns a second listener away. Where nobody listens, the doctor does so for the
moment in which a gateway says whether its account is logged in.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

from bot.channels.wechat.building import connection, trust_of
from bot.channels.wechat.connection import GatewayConnection
from bot.channels.wechat.gateway import (
    Failure,
    GatewayCallFailed,
    GatewayEvent,
    LoggedIn,
    ScanNeeded,
)
from bot.channels.wechat.reaching import obstacle, protects_nobody
from bot.findings import Finding
from bot.wechat_section import WeChat, wechat_account
from storage.errors import NuanqunError

_SAYS_WITHIN = 2.0
"""Seconds: a gateway says at once, behind its first event, that its account is logged in."""


async def examine(name: str, section: WeChat, data: Path) -> list[Finding]:
    """Everything about the account `name`; where its gateway cannot be used, only why.

    Args:
        name: what stands behind `wechat.` in the section's name.
        section: the account's configuration.
        data: the folder below which the bot keeps pictures.
    """
    check = wechat_account(name)
    folder = await asyncio.to_thread(_folder, check, data / "wechat" / name)
    wire = await asyncio.to_thread(_wire, check, section)
    return [*await _gateway(check, name, section), *wire, folder]


async def _gateway(check: str, name: str, section: WeChat) -> list[Finding]:
    """Whether the gateway answers to the token, and what it says of its account."""
    try:
        gateway = await asyncio.to_thread(connection, name, section)
    except NuanqunError as trouble:
        return [Finding.of(check, trouble)]
    in_the_way = await obstacle(*section.address, trust_of(section))
    if in_the_way is not None:
        return [Finding(check, False, in_the_way.found, in_the_way.mend)]
    try:
        await gateway.open()
        version = await gateway.version()
        return [Finding(check, True, f"puppet {version}"), await _log_in(check, gateway)]
    except NuanqunError as trouble:
        return [Finding.of(check, trouble)]
    except GatewayCallFailed as failed:
        mend = "See what the gateway writes in its own log."
        return [Finding(check, False, f"it does not tell its version: {failed.reason}.", mend)]
    finally:
        await gateway.close()


async def _log_in(check: str, gateway: GatewayConnection) -> Finding:
    """Whether the account is logged in, as far as its gateway says so to us."""
    check = f"{check} log-in"
    try:
        said = await _first_word(gateway)
    except GatewayCallFailed as failed:
        if failed.failure is Failure.TAKEN:
            mend = (
                "Nothing to do if that is this bot, running; `/accounts` tells how it is. Else stop"
                " the other program, or run a gateway of its own for each."
            )
            return Finding(check, False, "somebody listens to this gateway already.", mend)
        mend = "See what the gateway writes in its own log."
        return Finding(check, False, f"it tells nothing: {failed.reason}.", mend)
    if isinstance(said, LoggedIn):
        return Finding(check, True, f"logged in as {said.person}")
    if isinstance(said, ScanNeeded):
        mend = "Start the bot, and scan the code that it shows in the terminal and on /accounts."
        return Finding(check, False, "the account waits for its code to be scanned.", mend)
    mend = (
        "Start the bot: it has the gateway log in, and shows the code to scan, if there is one, in"
        " the terminal and on /accounts."
    )
    return Finding(check, False, "the account is not logged in.", mend)


async def _first_word(gateway: GatewayConnection) -> GatewayEvent | None:
    """What a gateway says of its account to somebody who has just come; None for nothing.

    Raises:
        GatewayCallFailed: it does not let us listen.
    """
    try:
        async with asyncio.timeout(None) as patience, aclosing(gateway.events()) as events:
            async for event in events:
                if isinstance(event, LoggedIn | ScanNeeded):
                    return event
                if patience.when() is None:
                    patience.reschedule(asyncio.get_running_loop().time() + _SAYS_WITHIN)
    except TimeoutError:
        return None
    return None


def _wire(check: str, section: WeChat) -> list[Finding]:
    """Whether the certificate that the account's wire is protected by is nobody else's; blocks."""
    if section.ca_file is None:
        return []
    check = f"{check} wire"
    try:
        public = protects_nobody(section.ca_file)
    except OSError:
        return []  # why it cannot be used is said where the gateway is knocked at
    if not public:
        return [Finding(check, True, f"trusts {section.ca_file} alone")]
    return [
        Finding(
            check,
            False,
            "the certificate is the one of Wechaty's npm package: its key is known to everybody,"
            " so whoever is on the way to the gateway can read the token.",
            "Make a certificate of your own; docs/how-to/wechat.md says how.",
        )
    ]


def _folder(check: str, folder: Path) -> Finding:
    """Whether pictures can be kept where they belong; makes nothing, and blocks."""
    check = f"{check} data"
    stands = folder
    while not stands.exists() and stands != stands.parent:
        stands = stands.parent
    if stands.is_dir() and os.access(stands, os.W_OK | os.X_OK):
        return Finding(check, True, str(folder))
    found = f"{folder} cannot be written: {stands} is not a folder, or not this user's to write."
    return Finding(check, False, found, "Set room.data, or let the bot's user write there.")
