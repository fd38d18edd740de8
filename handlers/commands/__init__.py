"""Every command the bot knows; importing this package fills the registry."""

from handlers.commands import fans, insight, members, posts, sending, switches
from handlers.registry import REGISTRY

__all__ = ["REGISTRY", "fans", "insight", "members", "posts", "sending", "switches"]
