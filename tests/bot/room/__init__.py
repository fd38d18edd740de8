"""The tests of the embedded room."""
