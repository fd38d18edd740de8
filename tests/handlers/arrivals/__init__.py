"""Tests of the new arrivals."""
