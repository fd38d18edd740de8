"""Customers, members, where they sit, what is known of them, and who asks to be a friend.

A member belongs to a customer row from birth: linking two members later merges their customers, and
everything that binds a person (opt-out, no-record) stands there.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint, false

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("opted_out_at", UtcDateTime),
    Column("no_record", Boolean, nullable=False, server_default=false()),
    # Until a manager says who is who, these hold for whom they may be the wish of.
    Column("opt_out_lent", Boolean, nullable=False, server_default=false()),
    Column("no_record_lent", Boolean, nullable=False, server_default=false()),
    Column("zone", Words),  # their time zone, where it is not the shop's
    index_where("ix_customers_opt_out_lent", "id", where="opt_out_lent"),
    index_where("ix_customers_no_record_lent", "id", where="no_record_lent"),
)

members = Table(
    "members",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("customers.id", "customer_id"),
    Column("platform", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("alias", Words),  # what the bot's account calls them
    Column("staff", Boolean, nullable=False, server_default=false()),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),  # since when their private chat with the bot is open
    Column("unreachable_at", UtcDateTime),  # since when no private message reaches them
    Column("appointed_at", UtcDateTime),  # since when they are a manager, whatever a platform says
    UniqueConstraint("person", "platform"),  # in this order it also finds a person by id alone
    Index("ix_members_customer_id", "customer_id"),
    Index("ix_members_name", "name"),
    index_where("ix_members_alias", "alias", where="alias IS NOT NULL"),
    index_where("ix_members_appointed", "platform", "person", where="appointed_at IS NOT NULL"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("group_id", Identity, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    Column("invite_id", Identity),  # by whose link they came
    Column("invited_by", Identity),  # the member who brought them in
    Column("nickname", Words),  # what they call themselves there
    Index("ix_memberships_member_id", "member_id"),
    index_where("ix_memberships_nickname", "nickname", where="nickname IS NOT NULL"),
    index_where("ix_memberships_invited_by", "invited_by", where="invited_by IS NOT NULL"),
    index_where("ix_memberships_invite_id", "invite_id", where="invite_id IS NOT NULL"),
)

comings = Table(
    "comings",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("groups.id", "group_id"),
    belonging_to("members.id", "member_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("came", Boolean, nullable=False),  # or went
    UniqueConstraint("group_id", "member_id", "at", "came"),
    Index("ix_comings_group_id_at", "group_id", "at"),
    Index("ix_comings_member_id", "member_id"),
    Index("ix_comings_at", "at"),
)

tags = Table(
    "tags",
    metadata,
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Words, primary_key=True),
    Column("set_by", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Index("ix_tags_tag", "tag"),
    Index("ix_tags_until", "until"),
)

watches = Table(
    "watches",
    metadata,
    Column("shop_id", Identity, ForeignKey("shops.id", ondelete="CASCADE"), primary_key=True),
    Column("word", Words, primary_key=True),
    Column("tag", Words, nullable=False),
    Column("set_by", Words, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)

friend_rules = Table(
    "friend_rules",
    metadata,
    Column("account", Words, primary_key=True),
    Column("rule", Words, nullable=False),
    Column("words", Words),  # the password, where the rule asks for one
    Column("group_id", Identity, ForeignKey("groups.id", ondelete="SET NULL")),  # brought in there
)

friend_requests = Table(
    "friend_requests",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("request", Words, nullable=False),  # the platform's id of it
    belonging_to("members.id", "member_id"),
    Column("words", Words, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when the staff were told that it waits
    Column("decided", Words),  # admitted or refused; null: it waits
    Column("decided_by", Words),
    Column("decided_at", UtcDateTime),
    Column("friends_at", UtcDateTime),  # when the two became friends
    Column("finished_at", UtcDateTime),  # when nothing was left to be done about it
    UniqueConstraint("account", "request"),
    Index("ix_friend_requests_member_id", "member_id"),
    index_where("ix_friend_requests_open", "account", "id", where="finished_at IS NULL"),
)

identity_matches = Table(
    "identity_matches",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    belonging_to("members.id", "member_id"),  # who somebody is taken to be
    Column("before", Words, nullable=False),  # the id they had
    Column("after", Words, nullable=False),  # the id that somebody has now
    Column("name", Words, nullable=False),  # what the platform calls that one
    Column("confidence", Integer, nullable=False),  # percent
    Column("why", Document, nullable=False),  # what they have in common
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when the managers were asked
    Column("decided", Words),  # same or other; null: a manager is to say
    Column("decided_by", Words),
    Column("decided_at", UtcDateTime),
    UniqueConstraint("account", "member_id", "after"),
    Index("ix_identity_matches_member_id", "member_id"),
    index_where("ix_identity_matches_open", "account", "id", where="decided IS NULL"),
    # Who had an id is named by it in what was written down then.
    index_where("ix_identity_matches_before", "before", where="decided = 'same'"),
    index_where("ix_identity_matches_after", "after", where="decided = 'same'"),
    index_where("ix_identity_matches_denied", "decided_at", where="decided IN ('other', 'closed')"),
)
