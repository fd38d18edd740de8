"""The tests of floor 1: what the bot remembers."""
