"""What was said to the bot, what it has still to answer, and what it understood of it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    false,
    text,
)

from storage.columns import Document, Identity, UtcDateTime, Words
from storage.tables.parts import belonging_to, index_where, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("message", Words, nullable=False),  # the platform's id, unique within the account
    belonging_to("groups.id", "group_id", nullable=True),  # null: said to the bot in private
    belonging_to("members.id", "member_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("topic", Words),  # the forum topic it was said in
    Column("pressed_on", Words),  # of a button: the message it stands below
    Column("pictures", Document),  # of a command: the sources of those that came with it
    Column("edited_at", UtcDateTime),
    Column("edits", Integer, nullable=False, server_default=text("0")),  # how often it was changed
    Column("reply_to", Words),  # the platform's id of the message that it replies to
    UniqueConstraint("account", "message"),
    Index("ix_messages_group_id_at", "group_id", "at"),
    Index("ix_messages_member_id_at", "member_id", "at"),
    Index("ix_messages_at", "at"),
)

pending_commands = Table(
    "pending_commands",
    metadata,
    Column("message_id", Identity, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
)

pending_welcomes = Table(
    "pending_welcomes",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("key", Words, nullable=False, unique=True),
    Column("address", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("at", UtcDateTime, nullable=False),  # when the last of those it greets came
)

passing_posts = Table(
    "passing_posts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("receipt", Words, nullable=False),
    Column("until", UtcDateTime, nullable=False),  # when the bot takes it back
    Index("ix_passing_posts_account_until", "account", "until"),
)

own_posts = Table(
    "own_posts",
    metadata,
    Column("account", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("piece", Integer, primary_key=True, autoincrement=False),  # 0, or a later message of it
    Column("address", Words, nullable=False),
    Column("digest", Words, nullable=False),  # of what was said
    Column("began_at", UtcDateTime, nullable=False),
    Column("receipt", Words),  # the platform's id, once it is known
    Index("ix_own_posts_began_at", "began_at"),
    index_where("ix_own_posts_open", "account", "address", where="receipt IS NULL"),
)

numbered_choices = Table(
    "numbered_choices",
    metadata,
    Column("account", Words, primary_key=True),
    Column("address", Words, primary_key=True),
    Column("choices", Document, nullable=False),  # what each number says, in order
    Column("offered_at", UtcDateTime, nullable=False),
    Index("ix_numbered_choices_offered_at", "offered_at"),
)

button_words = Table(
    "button_words",
    metadata,
    Column("digest", Words, primary_key=True),  # what stands for them on the platform
    Column("says", Words, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Index("ix_button_words_used_at", "used_at"),
)

analysed_days = Table(
    "analysed_days",
    metadata,
    Column("group_id", Identity, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("version", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("dirty", Boolean, nullable=False, server_default=false()),
    Column("analysed_at", UtcDateTime, nullable=False),
    Column("claim", Integer, nullable=False, server_default=text("0")),  # grows with each claim
    Column("claimed_until", UtcDateTime),  # somebody reads the day until then, at most
)
