"""A whole year of a shop on a simulated clock, lived by the real bot and judged afterwards."""
