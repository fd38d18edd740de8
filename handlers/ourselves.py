"""The bot's own accounts are nobody to it: no fan, no manager, no newcomer.

An account that is told of everything is told of itself, and of the shop's other accounts in the
same groups. What they say is kept as the bot's words; that they come, go, lead a group or brought
somebody in makes them no member, no staff and no inviter. Else a shop with two accounts would have
two more managers, who approve nothing, and two more fans, who never speak.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from handlers.events import (
    AccountChanged,
    ButtonPressed,
    Event,
    FriendAsked,
    GroupChanged,
    IdsChanged,
    JoinAsked,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessageHeard,
    Person,
    ReachChanged,
    StaffChanged,
)
from storage.columns import storable


def without_ourselves(events: Iterable[Event], ours: Collection[str]) -> Iterator[Event]:
    """The events as they are about others, in their order.

    Args:
        events: of one account.
        ours: the platform's ids of the bot's accounts there, as they are stored. An account that
            says in these events who it is counts from then on.
    """
    known = set(ours)
    for event in events:
        if isinstance(event, AccountChanged) and event.me is not None:
            known.add(storable(event.me.id))
        seen = _without(event, known)
        if seen is not None:
            yield seen


def _without(event: Event, ours: Collection[str]) -> Event | None:
    def is_ours(person: Person | None) -> bool:
        return person is not None and storable(person.id) in ours

    match event:
        case MessageHeard(sender=sender) if is_ours(sender):
            return replace(event, own=True)
        case ButtonPressed(sender=person) | MessageEdited(sender=person) if is_ours(person):
            return None
        case (
            MemberJoined(member=person)
            | MemberLeft(member=person)
            | JoinAsked(member=person)
            | StaffChanged(member=person)
            | ReachChanged(member=person)
            | FriendAsked(member=person)
        ) if is_ours(person):
            return None
        case MemberJoined(by=by) | GroupChanged(by=by) if is_ours(by):
            return replace(event, by=None)
        case IdsChanged(rosters=rosters, friends=friends):
            return replace(
                event,
                rosters=tuple(
                    replace(one, members=tuple(who for who in one.members if not is_ours(who)))
                    for one in rosters
                ),
                friends=tuple(who for who in friends if not is_ours(who)),
            )
        case _:
            return event
