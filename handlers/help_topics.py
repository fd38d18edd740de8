"""What commands are about, topic by topic, in the order in which a shop meets them.

`/help` shows the topics with the words of their commands, and one topic with what each command
does; docs/reference/commands.md has the same order. Every command stands in exactly one topic, and
a topic holds commands of one role (tests/handlers/test_help.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from handlers.registry import REGISTRY, Command
from handlers.roles import Role
from handlers.wording import Say


@dataclass(frozen=True, slots=True)
class Topic:
    """A title, a key of the wording, and the commands' names in the order they are shown."""

    title: str
    names: tuple[str, ...]

    def commands(self) -> Iterator[Command]:
        """The topic's commands."""
        for name in self.names:
            found = REGISTRY.find(name)
            if found is None:
                raise LookupError(f"the topic {self.title} names {name}, which is no command")
            yield found


MANAGERS_TOPICS = (
    Topic(
        "发消息",
        (
            *("broadcast", "campaign", "leave", "countdown", "greet", "care"),
            *("choose", "plan", "preview", "test", "edit", "confirm", "dismiss"),
        ),
    ),
    Topic("批准流程", ("waiting", "approve", "reject", "override")),
    Topic(
        "发送中和发出后",
        (
            *("progress", "pause", "resume", "cancel", "halt", "retry"),
            *("uncertain", "resolve", "recall", "pin"),
        ),
    ),
    Topic(
        "一年的安排",
        (
            *("programme", "double11", "calendar", "shopday", "unshopday"),
            *("mourn", "unmourn"),
        ),
    ),
    Topic("新品和搭配", ("arrive", "feeds", "bundles", "wishes")),
    Topic(
        "和粉丝互动",
        ("poll", "chain", "draw", "coupon", "offer", "redeem", "faq", "unfaq"),
    ),
    Topic(
        "听懂粉丝",
        (
            *("insights", "compare", "quotes", "people", "concerned"),
            *("opinion", "unopinion", "opinions", "words", "learn", "unlearn"),
        ),
    ),
    Topic("每天每周和复盘", ("morning", "digest", "review", "trial")),
    Topic(
        "成员和标签",
        (
            *("who", "tag", "untag", "tags", "members", "segment", "watch", "unwatch"),
            *("timezone", "identities", "same", "other"),
        ),
    ),
    Topic(
        "群、好友和账号",
        (
            *("accept", "decline", "grouptag", "link", "unlink"),
            *("admit", "requests", "letin", "turnaway"),
            *("befriend", "friends", "makefriend", "nofriend", "accounts", "lift", "audit"),
        ),
    ),
)


FANS_TOPIC = Topic(
    "大家都能用的",
    (
        *("me", "wish", "favourite", "unwish", "pricedrop", "claim"),
        *("vote", "join", "quit", "drawcheck", "invite"),
        *("optout", "optin", "norecord", "record", "start", "help"),
    ),
)


def topics_for(role: Role) -> tuple[Topic, ...]:
    """The topics that somebody of this role may see."""
    own = (FANS_TOPIC,)
    return (*MANAGERS_TOPICS, *own) if role >= Role.MANAGER else own


def topic_called(text: str, role: Role, say: Say) -> Topic | None:
    """The topic with this title, in the shop's language, or this number; None without one."""
    topics = topics_for(role)
    if text.isdecimal():
        return topics[int(text) - 1] if 0 < int(text) <= len(topics) else None
    return next((one for one in topics if say(one.title) == text), None)
