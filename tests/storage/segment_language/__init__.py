"""Tests of `storage/segment_language`: each room has a file of the same name here."""
