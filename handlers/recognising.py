"""Who is who again, where a platform may have given people and groups other ids.

Some platforms call everybody by ids that end with the log-in. What is shown afterwards is compared
with what is known: groups first (see `same_groups.py`), then, by the groups that were found again,
people (see `likeness.py`). Who and what is surely the same goes on being it; the managers are asked
about the rest (see `identifying.py`); and whoever is not found again is gone, and may be new.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import IdsChanged, Person
from handlers.likeness import Known, Likeness, Looks, Recognised, Shown, recognised
from handlers.origin import Origin
from handlers.same_groups import KnownGroup, ShownGroup, same_groups
from scheduler.courier import Address
from storage import identities
from storage.acceptance import accept, acceptance_of, doubt
from storage.accounts import states
from storage.columns import storable
from storage.familiar import (
    FamiliarGroup,
    FamiliarMember,
    dismiss_all,
    familiar_groups,
    familiar_members,
    known_since,
    unseat,
)
from storage.groups import ensure_groups, mark_gone
from storage.identities import NewMatch
from storage.lent_wishes import lend_wishes
from storage.moving import Whereabouts, move_group
from storage.new_ids import NewId, give_ids
from storage.reach import mark_reachable, mark_unreachable

_log = structlog.get_logger(__name__)


async def recognise(connection: AsyncConnection, event: IdsChanged, origin: Origin) -> None:
    """Find again who is who by what a platform shows, in the transaction that records it.

    Told a second time, it changes nothing. Told of a part only, nobody and nothing is gone for not
    standing in it: the rest is told later, together with that.
    """
    recognition = _Recognition(connection, event, origin)
    if event.rosters:
        await recognition.find_groups()
    await recognition.find_people(await recognition.everybody())
    await lend_wishes(connection)


@dataclass(slots=True)
class _Somebody:
    """Somebody as the platform shows them everywhere, by one id."""

    name: str
    alias: str | None = None
    friend: bool = False
    seats: dict[int, str | None] = field(default_factory=dict)

    @property
    def looks(self) -> Looks:
        return Looks(self.name, self.alias, self.seats, self.friend)


@dataclass(frozen=True, slots=True)
class _Recognition:
    """One telling of all that a platform shows, in the transaction that records it."""

    connection: AsyncConnection
    event: IdsChanged
    origin: Origin

    async def find_groups(self) -> None:
        """Let groups have the ids they are shown by now; the bot is in no others any more."""
        account, at = self.origin.account, self.event.at
        known = await familiar_groups(self.connection, account)
        chats = {storable(one.chat.id) for one in self.event.rosters}
        gone = [one for one in known if one.chat not in chats]
        if not gone:
            return
        people = await familiar_members(self.connection, self.origin.platform, account)
        shown = _groups_shown(self.event, known, gone)
        same = await asyncio.to_thread(same_groups, _groups_known(gone, people), shown)
        doubted = [one for one in same if self.origin.open_to_all and not same[one].proven]
        shops = await acceptance_of(self.connection, account, [same[one].chat for one in doubted])
        for one in gone:
            if one.id in same:
                before, after = _whereabouts(one.chat), _whereabouts(same[one.id].chat)
                await move_group(self.connection, account, before, after, at)
        await doubt(self.connection, doubted)
        for group in doubted:
            if shops.get(same[group].chat):  # by a manager's word, since the ids changed
                await accept(self.connection, group, at)
        left = [one.chat for one in gone if one.id not in same and one.present]
        if self.event.complete:
            await mark_gone(self.connection, account, left)
        _log.info("groups_recognised", account=account, found=len(same), gone=len(left))

    async def everybody(self) -> dict[str, _Somebody]:
        """Everybody shown, by their ids; groups that nobody knew are kept on the way."""
        account = self.origin.account
        groups = await ensure_groups(
            self.connection,
            self.origin.shop_id,
            account,
            [(storable(one.chat.id), one.chat.name) for one in self.event.rosters],
            self.event.at,
            accepted=not self.origin.open_to_all,
        )
        found: dict[str, _Somebody] = {}
        for roster in self.event.rosters:
            group = groups[storable(roster.chat.id)].id
            for person in roster.members:
                called = person.nickname
                _see(found, person).seats[group] = None if called is None else storable(called)
        for person in self.event.friends:
            _see(found, person).friend = True
        return found

    async def find_people(self, shown: dict[str, _Somebody]) -> None:
        """Let members have the ids they are shown by now, and keep whom a manager must tell."""
        account, platform = self.origin.account, self.origin.platform
        if self.event.complete:
            await identities.drop_outdated(self.connection, account, shown)
        me = await self._me()
        shown = {person: one for person, one in shown.items() if person != me}
        known = await familiar_members(self.connection, platform, account)
        gone = {one.id: one for one in known if one.person not in shown and one.person != me}
        if not gone or not shown:
            return
        heard = max(one.last_seen_at for one in gone.values())
        since = await known_since(self.connection, platform, shown)
        fresh = {person for person in shown if person not in since or since[person] > heard}
        met = [one for one in known if one.seats or one.friend]
        stayed = sum(one.person in shown and one.person not in fresh for one in met)
        ids_last = stayed > sum(one.id in gone for one in met)
        found = await asyncio.to_thread(
            recognised,
            [
                Known(one.id, _looks(one), guarded=one.guarded, bound=one.bound)
                for one in gone.values()
            ],
            [Shown(person, shown[person].looks) for person in sorted(fresh)],
            ids_last=ids_last,
            ruled_out=await identities.ruled_out(self.connection, account),
        )
        await self._keep(found, gone, shown)
        if self.event.complete and not ids_last:
            lost = gone.keys() - {one.member for one in found.taken}
            await mark_unreachable(self.connection, sorted(lost), self.event.at)
            # Who is known by no id that is shown sits nowhere; who is asked about may well.
            nowhere = lost - {one.member for one in found.doubtful}
            there = {group for one in shown.values() for group in one.seats}
            await unseat(self.connection, there, nowhere, self.event.at)
            # Whom the platform calls staff is called so by an id that is shown.
            await dismiss_all(self.connection, nowhere)
        _log.info(
            "people_recognised",
            account=account,
            gone=len(gone),
            found=len(found.taken),
            doubtful=len(found.doubtful),
        )

    async def _me(self) -> str | None:
        """Who the account itself is, or was until now: nobody to be recognised."""
        account = (await states(self.connection, [self.origin.account])).get(self.origin.account)
        return None if account is None or account.state is None else account.state.me

    async def _keep(
        self, found: Recognised, gone: dict[int, FamiliarMember], shown: dict[str, _Somebody]
    ) -> None:
        account, at = self.origin.account, self.event.at

        def match(one: Likeness) -> NewMatch:
            before, name = gone[one.member].person, shown[one.person].name
            return NewMatch(one.member, before, one.person, name, one.confidence, one.why)

        ids = [
            NewId(one.member, one.person, shown[one.person].name, shown[one.person].alias)
            for one in found.taken
        ]
        await give_ids(self.connection, self.origin.platform, account, ids, at)
        certain = [match(one) for one in found.taken]
        await identities.keep_certain(self.connection, account, certain, at)
        doubtful = [match(one) for one in found.doubtful]
        await identities.keep_doubtful(self.connection, account, doubtful, at)
        friends = [one.member for one in found.taken if shown[one.person].friend]
        await mark_reachable(self.connection, friends, at)


def _groups_known(
    gone: Sequence[FamiliarGroup], people: Iterable[FamiliarMember]
) -> list[KnownGroup]:
    seated = defaultdict[int, list[tuple[str, str]]](list)
    for member in people:
        for group in member.seats:
            seated[group].append((member.person, member.name))
    return [KnownGroup(one.id, one.name, one.present, tuple(seated[one.id])) for one in gone]


def _groups_shown(
    event: IdsChanged, known: Sequence[FamiliarGroup], gone: Sequence[FamiliarGroup]
) -> list[ShownGroup]:
    """The groups shown by an id that nobody knew as long as one was heard that is gone."""
    heard = max(one.heard_at for one in gone)
    before = {one.chat for one in known if one.since <= heard}
    return [
        ShownGroup(
            storable(one.chat.id),
            storable(one.chat.name),
            people=frozenset(storable(person.id) for person in one.members),
            names=frozenset(_names(one.members)),
        )
        for one in event.rosters
        if storable(one.chat.id) not in before
    ]


def _names(people: Iterable[Person]) -> Iterator[str]:
    for person in people:
        yield storable(person.name)
        if person.nickname:
            yield storable(person.nickname)


def _whereabouts(chat: str) -> Whereabouts:
    return Whereabouts(chat, str(Address(group=chat)))


def _see(found: dict[str, _Somebody], person: Person) -> _Somebody:
    """Somebody among those found, with what is shown of them here, too."""
    one = found.setdefault(storable(person.id), _Somebody(storable(person.name)))
    if person.alias is not None:
        one.alias = storable(person.alias)
    return one


def _looks(one: FamiliarMember) -> Looks:
    return Looks(one.name, one.alias, one.seats, one.friend)
