"""The programmes that a shop can switch on: those that come with the bot, and those of its folder.

A file of the shop's own takes the place of one of ours with the same key. One that is broken is
told of and left out; the others stay. `Known` is what a plan needs besides the file: the year, what
the shop has said, and the dates of the sale, of which those that the shop has said itself win.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import structlog

from handlers.desk import Desk
from handlers.settings import ShopSettings
from handlers.wording import wording
from scheduler.caring import CareSettings
from scheduler.festivals import Region
from scheduler.nodes import Node, nodes_of
from scheduler.programme import ProgrammeBroken, read_programme, shipped_programmes
from scheduler.programme_calendar import DayMissing
from scheduler.programme_parts import Programme
from scheduler.programme_plan import ProgrammePlan, resolve
from scheduler.wall_time import zone_named
from storage.errors import SchedulingError
from storage.running_programmes import EVERY_YEAR

_log = structlog.get_logger(__name__)

NODE = "node:"
"""What stands before the key of a node among the facts that a shop has said."""
NODES = {
    "presale-start": "预售开始",
    "balance-start": "尾款开始",
    "balance-end": "尾款截止",
    "sale-start": "开卖",
    "spot-start": "现货开始",
    "second-wave": "第二波开始",
    "end": "结束",
    "encore-start": "返场",
}
"""What the nodes of a sale are called where no file names them."""
_OLD_YEARS = 5  # so far back a node's name is looked for
_SAID_BY_SHOP = "the shop"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is left out, by its name, why it cannot be read, and when it was written."""

    file: str
    trouble: Exception
    written: int = 0


@dataclass(frozen=True, slots=True)
class Shelf:
    """The programmes by key, and the files that are none."""

    programmes: Mapping[str, Programme]
    unread: tuple[Unread, ...] = ()

    def named(self, written: str) -> Programme | None:
        """The programme of this key or name, or the only one whose name begins so."""
        wanted = written.lower()
        for programme in self.programmes.values():
            names = {programme.key, *programme.called}
            names |= {name.lower() for name in programme.names.values()}
            if wanted in names:
                return programme
        close = [
            programme
            for programme in self.programmes.values()
            if any(name.lower().startswith(wanted) for name in programme.names.values())
        ]
        return close[0] if len(close) == 1 else None


async def shelf(desk: Desk) -> Shelf:
    """All programmes, read beside the loop."""
    found = await asyncio.to_thread(read_shelf, desk.shop.programmes)
    for one in found.unread:
        _log_broken(one.file, str(one.trouble), one.written)
    return found


@lru_cache(maxsize=256)
def _log_broken(file: str, reason: str, _written: int) -> None:
    """Log a broken file once for each time that it was written: the folder is read every minute."""
    _log.warning("programme_broken", file=file, reason=reason)


def read_shelf(folder: Path) -> Shelf:
    """The programmes that come with the bot and those in this folder, which may be missing."""
    own: dict[str, Programme] = {}
    unread = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            programme = read_programme(path)
            if programme.key in own:
                reason = f"another file has {programme.key!r} already; each has one of its own"
                raise ProgrammeBroken(file=path.name, part="key", reason=reason)
        # A number or a day may lie beyond all bounds.
        except (SchedulingError, OSError, ArithmeticError, ValueError) as trouble:
            unread.append(Unread(path.name, trouble, _written(path)))
        else:
            own[programme.key] = programme
    return Shelf({**shipped_programmes(), **own}, tuple(unread))


def _written(path: Path) -> int:
    """When a file was written, in nanoseconds; 0 where it is gone meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def is_greetings(programme: Programme) -> bool:
    """Whether it greets on festivals, from year to year: it has no posts of one year."""
    schedule = programme.schedule or {}
    return not programme.tasks and schedule.get("kind") == "festivals"


def title_of(programme: Programme, shop: ShopSettings, year: int = EVERY_YEAR) -> str:
    """A programme's name in the shop's language, with its year."""
    name = programme.names.get(shop.language, programme.names["zh"])
    return name if year == EVERY_YEAR else f"{name} {year}"


async def plan_of(
    desk: Desk, programme: Programme, year: int, facts: Mapping[str, object]
) -> ProgrammePlan:
    """The plan of a year with what the shop has said.

    Raises:
        SchedulingError: a fact or a file of nodes is wrong.
        OSError: a file of nodes cannot be read.
    """
    return await asyncio.to_thread(plan_for, desk.shop, desk.care, programme, year, facts)


def plan_for(
    shop: ShopSettings,
    care: CareSettings,
    programme: Programme,
    year: int,
    facts: Mapping[str, object],
) -> ProgrammePlan:
    """The same where there is no desk; it reads files, so not in the loop.

    Raises:
        SchedulingError, OSError: as `plan_of`.
    """
    nodes = dict(nodes_of(shop.sale_platform, programme.key, year, shop.nodes))
    names = {**node_names(shop, programme, year)}
    for fact, said in facts.items():
        if fact.startswith(NODE):
            key = fact.removeprefix(NODE)
            at = datetime.fromisoformat(str(said)).replace(tzinfo=zone_named(shop.zone))
            nodes[key] = Node(key, names.get(key) or _usual_name(shop, key), at, _SAID_BY_SHOP)
    own = {fact: said for fact, said in facts.items() if not fact.startswith(NODE)}
    try:
        return resolve(
            programme,
            year,
            own,
            nodes,
            Region(shop.region),
            zone=shop.zone,
            language=shop.language,
            settings=care,
        )
    except OverflowError as trouble:
        raise DayMissing(year=year, found=str(trouble)) from trouble


def node_names(shop: ShopSettings, programme: Programme, year: int) -> dict[str, Mapping[str, str]]:
    """The nodes that this sale has, or had in the last years, by key, with their names."""
    found: dict[str, Mapping[str, str]] = {}
    for before in range(_OLD_YEARS, -1, -1):
        nodes = nodes_of(shop.sale_platform, programme.key, year - before, shop.nodes)
        found |= {key: node.name for key, node in nodes.items()}
    return found


def last_known(shop: ShopSettings, programme: Programme, year: int, key: str) -> Node | None:
    """A node as the last year had it of which anybody knows; None where nobody does."""
    for before in range(_OLD_YEARS):
        nodes = nodes_of(shop.sale_platform, programme.key, year - before, shop.nodes)
        if key in nodes:
            return nodes[key]
    return None


def _usual_name(shop: ShopSettings, key: str) -> Mapping[str, str]:
    """What a node that no file names is called: as usual, else by its key."""
    name = NODES.get(key, key)
    return {"zh": name, shop.language: wording(shop.language)(name)}


async def year_of(desk: Desk, programme: Programme) -> int:
    """The year that is meant today: this one while it has a day to come, else the next.

    Raises:
        SchedulingError: a fact or a file of nodes is wrong.
    """
    if is_greetings(programme):
        return EVERY_YEAR
    today = desk.shop.day_of(desk.clock.now())
    plan = await plan_of(desk, programme, today.year, {})
    return today.year if _lasts(plan, today) else today.year + 1


async def is_over(desk: Desk, programme: Programme, year: int, facts: Mapping[str, object]) -> bool:
    """Whether this year of a programme has no day to come any more.

    Raises:
        SchedulingError: a fact or a file of nodes is wrong.
    """
    if year == EVERY_YEAR:
        return False
    today = desk.shop.day_of(desk.clock.now())
    return not _lasts(await plan_of(desk, programme, year, facts), today)


def first_day(plan: ProgrammePlan) -> date | None:
    """The first day of a plan; its own day where all others hang on what the shop has not said."""
    days = [post.at.date() for post in plan.posts]
    days += [phase.first for phase in plan.phases if phase.first is not None]
    return min(days, default=plan.anchor)


def _lasts(plan: ProgrammePlan, today: date) -> bool:
    """Whether a plan has a post from today on, or while something waits, a day of a phase."""
    days = [post.at.date() for post in plan.posts]
    if plan.waiting or not days:
        days += [phase.last for phase in plan.phases if phase.last is not None]
    if not days:  # all of it hangs on what the shop has not said: then on its day
        return plan.anchor is None or plan.anchor >= today
    return max(days) >= today
