"""Tests of what the bot does when something happens in a group."""
