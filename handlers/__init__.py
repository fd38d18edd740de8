"""Floor 4: what the bot does when something happens in a group."""
