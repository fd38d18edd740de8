"""How a round stands, shown in the post that opened it: no group is told of every single vote.

Where the platform can, the post is changed when something has changed, at most once in five
minutes, and a last time when the round is over, without its buttons. Where it cannot, only the
result is told. `run` is one of the loops that serve an account. What the posts show is remembered
by this process alone: after a restart each is changed once more to what stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.desk import Desk
from handlers.round_text import updated
from scheduler.content import Content
from scheduler.courier import Address, AddressGone, Done, Unable
from storage.round_posts import RoundPost, posts_to_update
from storage.rounds import Tally, tally
from storage.shops import halted_at

LOOK_AGAIN = timedelta(minutes=1)
APART = timedelta(minutes=5)
"""So long a post stands as it is before it is changed again."""

_AFTERWARDS = timedelta(minutes=30)  # a round that was closed so long ago is not looked at any more


@dataclass(slots=True)
class Shown:
    """What each post showed when it was last changed, by its address and receipt, and when.

    Those in `given_up` cannot be changed.
    """

    last: dict[tuple[str, str], tuple[Content, datetime]] = field(default_factory=dict)
    given_up: set[tuple[str, str]] = field(default_factory=set)

    def keep(self, standing: set[tuple[str, str]]) -> None:
        """Forget the posts of rounds that are over."""
        self.last = {post: shown for post, shown in self.last.items() if post in standing}
        self.given_up &= standing


async def run(desk: Desk, account: str) -> None:
    """Show how rounds stand, until cancelled."""
    shown = Shown()
    while True:
        await show_standing(desk, account, shown)
        await desk.clock.sleep_until(desk.clock.now() + LOOK_AGAIN)


async def show_standing(desk: Desk, account: str, shown: Shown) -> None:
    """Change the posts of an account whose rounds stand otherwise than they show."""
    async with desk.database.reading() as connection:
        if await halted_at(connection, desk.shop_id) is not None:
            return
        since = desk.clock.now() - _AFTERWARDS
        posts = await posts_to_update(connection, account, since)
        counted = {
            number: await tally(connection, number)
            for number in dict.fromkeys(post.round.id for post in posts)
        }
    shown.keep({(post.address, post.receipt) for post in posts})
    for post in posts:
        await _show(desk, post, counted[post.round.id], shown)


async def _show(desk: Desk, post: RoundPost, counted: Tally, shown: Shown) -> None:
    place, now = (post.address, post.receipt), desk.clock.now()
    is_over = post.round.closed_at is not None
    if place in shown.given_up or (not counted.people and not is_over):
        return
    content = updated(desk, post.round, counted)
    before = shown.last.get(place)
    if before is not None and (before[0] == content or (now - before[1] < APART and not is_over)):
        return
    outcome = await desk.senders[post.account].change(
        Address.parse(post.address),
        post.receipt,
        content,
        f"round:{post.round.id}/{post.address}/{now:%Y%m%dT%H%M}",
    )
    if isinstance(outcome, Done):
        shown.last[place] = content, now
    elif isinstance(outcome, Unable | AddressGone):
        shown.given_up.add(place)
