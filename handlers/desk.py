"""What commands work with: the shop's memory, its clock, its senders, and its words.

One `Desk` stands for the running shop; every command is given it together with what was
`Asked`. The console and the command line call the same functions with the same desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.chat_endpoint import ChatEndpoint
from handlers.roles import Role
from handlers.settings import ShopSettings
from handlers.vocabulary import Vocabulary
from handlers.wording import Say
from insights.lexicon import Lexicon
from insights.words import Segmenter
from scheduler.caring import CareSettings
from scheduler.clock import Clock
from scheduler.planner import Planner
from scheduler.sender import Sender
from storage.database import Database
from storage.groups import Group
from storage.members import Member

_LONGEST_NAME = 30  # characters of a name in a list that must not grow without end


@dataclass(frozen=True, slots=True)
class Desk:
    """The shop's desk. `senders` holds one sender for each account, by the account's name.

    `care` are the shop's quiet hours and caps, as the senders keep them. `narrator` words reports,
    where the shop wants that.
    """

    database: Database
    shop_id: int
    shop: ShopSettings
    care: CareSettings
    clock: Clock
    say: Say
    vocabulary: Vocabulary
    planner: Planner
    senders: Mapping[str, Sender]
    narrator: ChatEndpoint | None = None

    @property
    def segmenter(self) -> Segmenter:
        """What cuts texts, with the shop's words as they are now."""
        return self.vocabulary.segmenter

    @property
    def lexicon(self) -> Lexicon:
        """What words mean, as the shop extends and corrects it now."""
        return self.vocabulary.lexicon

    def listed(self, names: Iterable[str], most: int | None = None) -> str:
        """Names as people list them, at most so many; "none yet" where there are none."""
        every = list(names)
        shown = [shortened(name) for name in every[:most]] if most is not None else every
        if len(shown) < len(every):
            shown.append(self.say("等 {count} 个", count=len(every)))
        return self.say("、").join(shown) or self.say("还没有")

    def show_time(self, moment: datetime) -> str:
        """A moment as people read it, by the shop's clock: `11-05 10:18`."""
        return f"{self.shop.local(moment):%m-%d %H:%M}"


def shortened(name: str) -> str:
    """A name as it stands in a line of a list."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


@dataclass(frozen=True, slots=True)
class Asked:
    """One command as it was asked: by whom, where (None: in private), when, with which pictures.

    `topic` is the forum topic of the group it was asked in; of a pressed button, `pressed_on` is
    the message that it stands below.

    `key` is made from the platform's message id: what a command creates is named after it, so
    that a command handled again after a crash makes nothing twice.
    """

    key: str
    account: str
    member: Member
    role: Role
    group: Group | None
    at: datetime
    topic: str | None = None
    pressed_on: str | None = None
    pictures: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """Who it was, for the audit log."""
        return f"{self.member.platform}:{self.member.person}"
