"""Tests of floor 2: what the bot understands."""
