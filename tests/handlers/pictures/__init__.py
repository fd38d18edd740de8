"""Tests of the pictures that the bot draws."""
