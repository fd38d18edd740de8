"""Groups, their topics and tags, and who may come in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, UniqueConstraint, false, true

from storage.columns import Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata

groups = Table(
    "groups",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("shops.id", "shop_id"),
    Column("account", Words, nullable=False),
    Column("chat", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("present", Boolean, nullable=False, server_default=true()),
    Column("muted_at", UtcDateTime),  # since when the bot may not speak there
    Column("zone", Words),  # the fans' time zone, where it is not the shop's
    Column("since", UtcDateTime, nullable=False),
    Column("is_staff", Boolean, nullable=False, server_default=false()),  # the staff's own chat
    Column("staff_group_id", Identity),  # the staff chat that looks after this fan group
    Column("admits", Words),  # who asks to come in is let in by this rule; null: a manager decides
    Column(
        "accepted_at", UtcDateTime
    ),  # since when it is the shop's; null: the bot is silent there
    Column("asked_at", UtcDateTime),  # when the managers were asked whether it is
    Column("declined_at", UtcDateTime),  # when a manager said that it is not
    UniqueConstraint("account", "chat"),
    index_where("ix_groups_staff_group_id", "staff_group_id", where="staff_group_id IS NOT NULL"),
)

topics = Table(
    "topics",
    metadata,
    Column("group_id", Identity, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", Words, primary_key=True),  # the platform's id within the group
    Column("name", Words, nullable=False),
    Column("closed_at", UtcDateTime),
)

group_tags = Table(
    "group_tags",
    metadata,
    Column("group_id", Identity, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Words, primary_key=True),
)

invites = Table(
    "invites",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("groups.id", "group_id"),
    belonging_to("members.id", "member_id"),  # whose link it is
    Column("link", Words, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("group_id", "member_id"),
    Index("ix_invites_link", "link"),
    Index("ix_invites_member_id", "member_id"),
)

join_requests = Table(
    "join_requests",
    metadata,
    Column("id", Identity, primary_key=True),
    belonging_to("groups.id", "group_id"),
    belonging_to("members.id", "member_id"),
    Column("words", Words, nullable=False),
    Column("invite_id", Identity),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when the staff were told that it waits
    Column("decided", Words),  # admitted or refused; null: it waits
    Column("decided_by", Words),
    Column("decided_at", UtcDateTime),
    Column("settled_at", UtcDateTime),  # when the platform knew of the decision
    UniqueConstraint("group_id", "member_id", "asked_at"),
    Index("ix_join_requests_member_id", "member_id"),
    index_where("ix_join_requests_open", "group_id", "id", where="settled_at IS NULL"),
)
