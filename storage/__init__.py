"""Floor 1: what the bot remembers."""
