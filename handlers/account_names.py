"""The accounts of the shop as people name them: `wechat:shop`, or `room` for the only one of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Unreadable
from handlers.desk import Desk
from handlers.replies import Reply, reply

_NAME = re.compile(
    r"\s*(?:(?P<platform>[a-z]+)[:：](?P<name>[a-z0-9_]+)|(?P<alone>room))(?!\S)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AccountName:
    """An account by its name, as the configuration gives it."""

    label: ClassVar[str] = "账号名"
    name: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A platform and a name, with a colon between."""
        found = _NAME.match(rest)
        if found is None:
            raise Unreadable("账号要写全名，例如 wechat:shop")
        name = found["alone"] or f"{found['platform']}:{found['name']}"
        return cls(name.lower()), rest[found.end() :]


def no_such_account(desk: Desk, name: str) -> Reply:
    """The answer to a name that is no account's."""
    text = desk.say(
        "没有叫 {account} 的账号。有这些：{names}",
        account=name,
        names=desk.listed(desk.senders),
    )
    return reply(text, private=True)
