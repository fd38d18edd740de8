"""Floor 3: what the bot does when a time comes."""
