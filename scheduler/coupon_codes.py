"""Codes of coupons for private messages: one of a named batch for each person, the same each time.

The feed asks for them once it is decided that a message goes out and what it says is in order. They
are handed out and committed before anything is sent. So a crash in between, or a delivery that is
planned again, finds the code that the person was given; and one that is never sent is theirs all
the same: `/claim` shows it to them.

Who has used their coupon, or for whom none is left, gets no message; staff are told of a batch that
is empty or over, once for a campaign until more codes are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from scheduler.decide import Reason
from scheduler.notices import CouponsGone, Tell
from storage import coupons
from storage.database import Database
from storage.due import Due


class CouponCodes:
    """Hands out what the messages of one account give."""

    def __init__(self, database: Database, tell: Tell) -> None:
        self._database = database
        self._tell = tell
        self._told: set[CouponsGone] = set()

    async def hand_out(
        self, wanted: Iterable[tuple[Due, str]], now: datetime
    ) -> dict[int, str | Reason]:
        """Delivery → the code that it brings, or why it stays here.

        Args:
            wanted: deliveries that are about to leave, each with the name of its batch.
            now: the moment.
        """
        by_batch: defaultdict[tuple[int, str], list[Due]] = defaultdict(list)
        for one, name in wanted:
            by_batch[one.shop_id, name].append(one)
        if not by_batch:
            return {}
        found: dict[int, str | Reason] = {}
        gone: dict[CouponsGone, None] = {}
        async with self._database.writing() as connection:
            for (shop_id, name), some in sorted(by_batch.items(), key=itemgetter(0)):
                batch = await coupons.batch_named(connection, shop_id, name)
                people = [one.recipient.customer_id for one in some]
                given: dict[int, coupons.Coupon] = {}
                if batch is not None and not batch.is_over(now):
                    whose = [person for person in people if person is not None]
                    given = await coupons.hand_out_to_all(connection, batch.id, whose, now)
                for one, person in zip(some, people, strict=True):
                    theirs = None if person is None else given.get(person)
                    if theirs is None:
                        found[one.id] = Reason.COUPONS_GONE
                        codes = 0 if batch is None else batch.codes
                        gone[CouponsGone(one.campaign_id, name, codes)] = None
                    elif theirs.redeemed_at is not None:
                        found[one.id] = Reason.COUPON_USED
                    else:
                        found[one.id] = theirs.code
        for notice in gone:
            if notice not in self._told:
                self._told.add(notice)
                self._tell(notice)
        return found
