"""One suite for each interface, run against every implementation."""
