"""The first manager: a code that whoever starts the bot sees, and that makes one of whom opens it.

On a platform where anybody can open the private chat with the bot, nobody there is known to be of
the shop. Whoever runs the program is; so the program shows a link with a code, which holds for a
day and for one person.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from handlers.desk import Asked, Desk
from handlers.staff import managers
from storage import appointments, audit

CODE_HOLDS = timedelta(days=1)
_CODE_BYTES = 24  # 32 characters: a start link carries 64


async def first_manager_code(desk: Desk, account: str, platform: str) -> str | None:
    """A new code for an account on whose platform no manager is known; None where one is.

    Managers who are lost, as by ids that the platform has changed, are none: nobody could say who
    they are now. A code that was made before is worth nothing any more, either way.
    """
    async with desk.database.writing() as connection:
        known = any(one.platform == platform for one in await managers(connection, desk.shop))
        if known or any(_is_of(entry, platform) for entry in desk.shop.managers):
            await appointments.drop_code(connection, account)
            return None
        code = secrets.token_urlsafe(_CODE_BYTES)
        expires_at = desk.clock.now() + CODE_HOLDS
        await appointments.keep_code(connection, account, _digest(code), expires_at)
    return code


async def appoint_by_code(desk: Desk, asked: Asked, code: str) -> bool:
    """Make the asker a manager for good, if this is the code of the account they ask on."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        if not await appointments.use_code(connection, asked.account, _digest(code), now):
            return False
        await appointments.appoint(connection, asked.member.id, now)
        details = {"account": asked.account, "by": "code"}
        entry = audit.Entry(now, asked.actor, "appoint", asked.member.person, details)
        await audit.note(connection, entry)
    return True


def _is_of(entry: str, platform: str) -> bool:
    """Whether a listed manager is, or may be, somebody on this platform."""
    where, colon, _ = entry.partition(":")
    return not colon or where == platform


def _digest(code: str) -> str:
    """What a code is kept as. It is random and long, so nothing need slow a guesser down."""
    return hashlib.sha256(code.encode()).hexdigest()
