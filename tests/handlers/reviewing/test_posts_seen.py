"""The posts of a campaign as the ledger and its schedule tell of them together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.reviewing.figures import Ledger, PostSeen
from handlers.reviewing.posts_seen import posts_seen
from storage.campaigns import CampaignState, StoredCampaign
from storage.deliveries import DeliveryState
from storage.review_ledger import Stand
from tests.handlers.reviewing.scenes import HOUR
from tests.handlers.scenes import broadcast, the_one
from tests.handlers.shop import DAY, Shop

SENT, CANCELLED = DeliveryState.SENT, DeliveryState.CANCELLED


@pytest.fixture
async def once(shop: Shop) -> StoredCampaign:
    """A campaign of one post."""
    await broadcast(shop)
    return await the_one(shop)


def seen(campaign: StoredCampaign, *stands: Stand) -> PostSeen:
    (post,) = posts_seen([campaign], stands, campaign.created_at + DAY)
    return post


def test_a_post_lasts_until_its_last_message_that_was_not_cancelled(once: StoredCampaign) -> None:
    at = once.created_at
    post = seen(
        once,
        Stand(once.id, "once", True, SENT, None, 3, at, at + 5 * HOUR),
        Stand(once.id, "once", True, CANCELLED, "left_out", 1, at, at + 9 * HOUR),
    )
    assert (post.at, post.last, post.reached) == (at, at + 5 * HOUR, True)


def test_what_went_to_groups_and_to_people_is_counted_together(once: StoredCampaign) -> None:
    at = once.created_at
    each = Stand(once.id, "once", False, SENT, None, 2, at, at, recalled=1)
    post = seen(once, each, replace(each, in_private=True, count=3))
    assert post.ledger == Ledger({(SENT, ""): 5}, recalled=2)


def test_a_post_behind_what_was_planned_was_stopped_and_one_before_it_had_nobody(
    once: StoredCampaign,
) -> None:
    over = replace(once, state=CampaignState.CANCELLED)
    post = seen(over)
    assert post.stopped
    assert post.last is None
    assert not post.reached
    assert not seen(replace(over, planned_until=once.created_at + HOUR)).stopped
