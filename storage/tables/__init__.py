"""Every table, by what it is about. The migrations in `storage/migrations/` lead to exactly these.

Groups and campaigns carry `shop_id`; groups and members belong to a channel, and their ids on
the platform are text.
"""

from __future__ import annotations

from storage.tables.accounts import (
    accounts,
    appointment_codes,
    chores,
    hearing_gaps,
    lanes,
    shops,
    unheard_events,
)
from storage.tables.calendar import quiet_days, shop_days
from storage.tables.campaigns import attempts, campaigns, content_versions, deliveries
from storage.tables.groups import group_tags, groups, invites, join_requests, topics
from storage.tables.interaction import (
    coupon_batches,
    coupons,
    faq_answers,
    faqs,
    round_entries,
    rounds,
    wishes,
)
from storage.tables.parts import metadata
from storage.tables.people import (
    comings,
    customers,
    friend_requests,
    friend_rules,
    identity_matches,
    members,
    memberships,
    tags,
    watches,
)
from storage.tables.products import product_feeds, products
from storage.tables.programmes import running_programmes
from storage.tables.reviews import told_reviews
from storage.tables.segments import saved_segments
from storage.tables.talk import (
    analysed_days,
    button_words,
    messages,
    numbered_choices,
    own_posts,
    passing_posts,
    pending_commands,
    pending_welcomes,
)
from storage.tables.trials import campaign_money
from storage.tables.words import (
    shop_words,
    taught_opinions,
    told_questions,
    told_spikes,
    watched_windows,
    word_proposals,
)
from storage.tables.work import audit_log, confirmations, forms, last_choices

__all__ = [
    "accounts",
    "analysed_days",
    "appointment_codes",
    "attempts",
    "audit_log",
    "button_words",
    "campaign_money",
    "campaigns",
    "chores",
    "comings",
    "confirmations",
    "content_versions",
    "coupon_batches",
    "coupons",
    "customers",
    "deliveries",
    "faq_answers",
    "faqs",
    "forms",
    "friend_requests",
    "friend_rules",
    "group_tags",
    "groups",
    "hearing_gaps",
    "identity_matches",
    "invites",
    "join_requests",
    "lanes",
    "last_choices",
    "members",
    "memberships",
    "messages",
    "metadata",
    "numbered_choices",
    "own_posts",
    "passing_posts",
    "pending_commands",
    "pending_welcomes",
    "product_feeds",
    "products",
    "quiet_days",
    "round_entries",
    "rounds",
    "running_programmes",
    "saved_segments",
    "shop_days",
    "shop_words",
    "shops",
    "tags",
    "taught_opinions",
    "told_questions",
    "told_reviews",
    "told_spikes",
    "topics",
    "unheard_events",
    "watched_windows",
    "watches",
    "wishes",
    "word_proposals",
]
