"""Tests of what the bot does when a time comes."""
