"""How the schema came to be: one file in `versions/` for each step, applied by Alembic."""
