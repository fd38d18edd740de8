"""Tests of looking back on campaigns and programmes."""
