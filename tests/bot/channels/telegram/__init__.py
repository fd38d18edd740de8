"""Tests of the channel to Telegram."""
