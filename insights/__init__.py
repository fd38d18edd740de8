"""Floor 2: what the bot understands. It knows nothing of clocks and chat."""
