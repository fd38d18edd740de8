"""The last look at what leaves: the wording rules, asked about every text as it is rendered.

The feed asks `blocking_in` about each delivery that may go. What a text says does not depend on how
the group or the fan is called, so the name is taken out first and every other text is looked at
once: twenty thousand private messages of one content version cost one check.

The prices that the shop's sources name are read anew every minute, because a price may have
changed since the words were approved; and before anything is held back for one, because it may have
changed in that minute.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.ware_check import WARES, ware_hits
from scheduler.wording_rules import PRICE, Hit, blocking, check_content, rules_for
from storage import products
from storage.database import Database
from storage.due import Due

_PRICES_HOLD = timedelta(minutes=1)
_TEXTS_KEPT = 256
_SHORTEST_NAME = 2  # characters; a shorter name may stand in the words by chance
_SOMEBODY = "\ufffc"  # stands for whatever the group or the fan is called
_YUAN = frozenset({"", "CNY", "RMB"})

Prices = Mapping[str, Collection[Decimal]]


def in_yuan(known: Mapping[str, Collection[tuple[Decimal, str]]]) -> dict[str, list[Decimal]]:
    """The prices in yuan of those that storage knows, each with its currency, by title.

    A product that is sold in another currency is left out: a sum in yuan may be right.
    """
    yuan: dict[str, list[Decimal]] = {}
    for title, prices in known.items():
        if all(currency.upper() in _YUAN for _, currency in prices):
            yuan[title] = [price for price, _ in prices]
    return yuan


class WordingGate:
    """What one account may not say."""

    def __init__(self, database: Database, account: str, care: CareSettings) -> None:
        self._database = database
        self._rules = rules_for(account.partition(":")[0], care.trades, care.sites)
        self._prices: dict[int, Prices] = {}
        self._read_at: datetime | None = None
        self._fresh = False  # read for the batch at hand
        self._judged: OrderedDict[tuple[int, Content], tuple[Hit, ...]] = OrderedDict()

    async def read_prices(
        self, connection: AsyncConnection, shops: Collection[int], now: datetime
    ) -> None:
        """Know the prices of these shops, none of them older than a minute."""
        held = self._read_at is not None and now - self._read_at < _PRICES_HOLD
        self._fresh = not (held and self._prices.keys() >= set(shops))
        if self._fresh:
            await self._read(connection, shops, now)

    async def _read(
        self, connection: AsyncConnection, shops: Collection[int], now: datetime
    ) -> None:
        fresh = {shop: in_yuan(await products.known_prices(connection, shop)) for shop in shops}
        if fresh != self._prices:
            self._judged.clear()
        self._prices, self._read_at = dict(fresh), now

    async def blocking_in(
        self, one: Due, body: Mapping[str, Any], content: Content, now: datetime
    ) -> tuple[Hit, ...]:
        """What holds this message of a delivery back; nothing that a manager let pass."""
        if WARES in body:
            async with self._database.reading() as connection:
                if changed := await ware_hits(connection, body):
                    return changed
        hits = self._hits_in(one, body, content)
        if not self._fresh and any(hit.rule == PRICE for hit in hits):
            async with self._database.reading() as connection:
                await self._read(connection, self._prices.keys(), now)
            self._fresh = True
            hits = self._hits_in(one, body, content)
        return blocking(hits, body.get("overrides", ()))

    def _hits_in(self, one: Due, body: Mapping[str, Any], content: Content) -> tuple[Hit, ...]:
        name = one.recipient.name
        shop = str(body.get("variables", {}).get("shop", ""))
        if len(name) >= _SHORTEST_NAME:
            content = replace(content, text=content.text.replace(name, _SOMEBODY))
        key = (one.version_id, content)
        hits = self._judged.get(key)
        if hits is None:
            hits = check_content(
                content,
                self._rules,
                known_prices=self._prices.get(one.shop_id),
                names=[shop, name],
            )
            self._judged[key] = hits
            if len(self._judged) > _TEXTS_KEPT:
                self._judged.popitem(last=False)
        return hits
