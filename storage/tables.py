"""Every table, in one place. The migrations in `storage/migrations/` lead to exactly these.

Groups and campaigns carry `shop_id`; groups and members belong to a channel, and their ids on
the platform are text. A member belongs to a customer row from birth: linking two members later
merges their customers, and everything that binds a person (opt-out, no-record) stands there.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
    true,
)

from storage.columns import Document, Identity, UtcDateTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _reference(target: str, name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Identity, ForeignKey(target, ondelete="CASCADE"), nullable=nullable)


def _index_where(name: str, *columns: str, where: str) -> Index:
    """An index over some of the rows, which is small whatever the table's age."""
    part = text(where)
    return Index(name, *columns, sqlite_where=part, postgresql_where=part)


shops = Table(
    "shops",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Words, nullable=False, unique=True),
    Column("halted_at", UtcDateTime),  # 急停: nothing leaves while this is set
)

accounts = Table(
    "accounts",
    metadata,
    Column("account", Words, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("cursor", Words),  # how far this account's events are stored
    Column("me", Words),  # who the account is, by the platform's id
    Column("me_name", Words),
    Column("state", Words),  # online, scan or offline; null: its platform says nothing of it
    Column("state_reason", Words),
    Column("state_since", UtcDateTime),
    Column("scan_code", Words),  # what is to be scanned to log it in
    Column("told_state", Words),  # the state that staff were told last
    Column("stopped_at", UtcDateTime),  # nothing leaves until a manager says so
    Column("stop_reason", Words),
    Column("told_stop_at", UtcDateTime),  # the `stopped_at` that staff were told last
)

hearing_gaps = Table(
    "hearing_gaps",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index("ix_hearing_gaps_account_until", "account", "until"),
)

lanes = Table(
    "lanes",
    metadata,
    Column("account", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("token", Identity, nullable=False),  # fencing: rises with every takeover
    Column("taken_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),  # of the lease, in real time; null: nobody holds it
    Column("rests_until", UtcDateTime),  # the account is paused until then
    Column("rest_reason", Words),
)

groups = Table(
    "groups",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("shops.id", "shop_id"),
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
    _index_where("ix_groups_staff_group_id", "staff_group_id", where="staff_group_id IS NOT NULL"),
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

customers = Table(
    "customers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("opted_out_at", UtcDateTime),
    Column("no_record", Boolean, nullable=False, server_default=false()),
    Column("zone", Words),  # their time zone, where it is not the shop's
)

members = Table(
    "members",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("customers.id", "customer_id"),
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
    _index_where("ix_members_appointed", "platform", "person", where="appointed_at IS NOT NULL"),
)

appointment_codes = Table(
    "appointment_codes",
    metadata,
    Column("account", Words, primary_key=True),
    Column("digest", Words, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
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
    _index_where("ix_memberships_invite_id", "invite_id", where="invite_id IS NOT NULL"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("message", Words, nullable=False),  # the platform's id, unique within the account
    _reference("groups.id", "group_id", nullable=True),  # null: said to the bot in private
    _reference("members.id", "member_id"),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("topic", Words),  # the forum topic it was said in
    Column("pressed_on", Words),  # of a button: the message it stands below
    Column("pictures", Document),  # of a command: the sources of those that came with it
    Column("edited_at", UtcDateTime),
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

forms = Table(
    "forms",
    metadata,
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),  # where it is filled in
    Column("kind", Words, nullable=False),
    Column("step", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("left_at", UtcDateTime),  # put aside, to be resumed
    Column("moved_at", UtcDateTime, nullable=False),
)

button_words = Table(
    "button_words",
    metadata,
    Column("digest", Words, primary_key=True),  # what stands for them on the platform
    Column("says", Words, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Index("ix_button_words_used_at", "used_at"),
)

invites = Table(
    "invites",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("groups.id", "group_id"),
    _reference("members.id", "member_id"),  # whose link it is
    Column("link", Words, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("group_id", "member_id"),
    Index("ix_invites_link", "link"),
)

join_requests = Table(
    "join_requests",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("groups.id", "group_id"),
    _reference("members.id", "member_id"),
    Column("words", Words, nullable=False),
    Column("invite_id", Identity),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),  # when the staff were told that it waits
    Column("decided", Words),  # admitted or refused; null: it waits
    Column("decided_by", Words),
    Column("decided_at", UtcDateTime),
    Column("settled_at", UtcDateTime),  # when the platform knew of the decision
    UniqueConstraint("group_id", "member_id", "asked_at"),
    _index_where("ix_join_requests_open", "group_id", "id", where="settled_at IS NULL"),
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
    _reference("members.id", "member_id"),
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
    _index_where("ix_friend_requests_open", "account", "id", where="finished_at IS NULL"),
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
    _index_where("ix_own_posts_open", "account", "address", where="receipt IS NULL"),
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

identity_matches = Table(
    "identity_matches",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    _reference("members.id", "member_id"),  # who somebody is taken to be
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
    _index_where("ix_identity_matches_open", "account", "id", where="decided IS NULL"),
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

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("shops.id", "shop_id"),
    Column("key", Words, nullable=False, unique=True),
    Column("programme", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("schedule", Document, nullable=False),
    Column("zone", Words, nullable=False),
    Column("valid_seconds", Integer, nullable=False),
    Column("priority", Integer, nullable=False, server_default=text("3")),  # see deliveries
    Column("hold_out", Integer, nullable=False, server_default=text("0")),  # percent of people
    Column("promotion", Document),  # caps and late nights of a promotion window
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("created_by", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version_id", Identity),  # the newest content version: what is planned says this
    Column("approved_version", Identity),  # the last one approved; null until somebody approves
    Column("planned_until", UtcDateTime),  # the planning watermark
    Index("ix_campaigns_state", "state"),
)

content_versions = Table(
    "content_versions",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("campaigns.id", "campaign_id"),
    Column("number", Integer, nullable=False),
    Column("body", Document, nullable=False),
    Column("audience", Document, nullable=False, server_default=text("'{}'")),
    Column("created_by", Words, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("approved_by", Words),
    Column("approved_at", UtcDateTime),
    Column("reminded_at", UtcDateTime),  # when staff were told that it waits for approval
    UniqueConstraint("campaign_id", "number"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("key", Words, nullable=False, unique=True),  # campaign, slot and address
    _reference("campaigns.id", "campaign_id"),
    _reference("content_versions.id", "version_id"),
    Column("slot", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),
    _reference("groups.id", "group_id", nullable=True),
    _reference("members.id", "member_id", nullable=True),
    Column("priority", Integer, nullable=False, server_default=text("3")),  # 1 goes first
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("not_before", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("resent", Boolean, nullable=False, server_default=false()),  # a notice, the one time
    Column("began_at", UtcDateTime),  # when it was last begun: what caps count
    Column("receipt", Words),
    Column("recalled_at", UtcDateTime),
    Column("moved_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_campaign_id_state", "campaign_id", "state"),
    _index_where(
        "ix_deliveries_planned",
        "account",
        "priority",
        "not_before",
        "id",
        where="state = 'planned'",
    ),
    _index_where(
        "ix_deliveries_doubted", "account", "state", where="state IN ('sending', 'uncertain')"
    ),
    # For the caps: only what was begun counts, and each row counts for a group or for a fan.
    _index_where(
        "ix_deliveries_of_group",
        "group_id",
        "began_at",
        where="group_id IS NOT NULL AND began_at IS NOT NULL",
    ),
    _index_where("ix_deliveries_of_member", "member_id", "began_at", where="member_id IS NOT NULL"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("action", Words, nullable=False),
    _reference("deliveries.id", "delivery_id", nullable=True),  # null: a reply
    Column("token", Identity, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", Words),
    Column("reason", Words),
    Column("holds_until", UtcDateTime),  # the platform asked for silence until then
    Index("ix_attempts_account_began_at", "account", "began_at"),
    Index("ix_attempts_delivery_id", "delivery_id"),
    _index_where("ix_attempts_held", "account", "holds_until", where="holds_until IS NOT NULL"),
    _index_where(
        "ix_attempts_unanswered", "account", where="ended_at IS NULL AND delivery_id IS NULL"
    ),
)

unheard_events = Table(
    "unheard_events",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("account", Words, nullable=False),
    Column("cursor", Words, nullable=False),
    Column("person", Words),  # whose it was, by the platform's id
    Column("event", Words, nullable=False),  # what it was, for who mends it
    Column("error", Words, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    Index("ix_unheard_events_kept_at", "kept_at"),
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
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Identity, primary_key=True),
    _reference("members.id", "member_id"),
    Column("kind", Words, nullable=False),
    Column("body", Document, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_confirmations_member_id", "member_id"),
)

last_choices = Table(
    "last_choices",
    metadata,
    Column("member_id", Identity, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("groups", Words, nullable=False),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Words, primary_key=True),
    Column("done_at", UtcDateTime, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("details", Document, nullable=False),
    Index("ix_audit_log_at", "at"),
    Index("ix_audit_log_subject", "subject"),
)
