"""Intake's database: the only place with its queries, one module a concern."""
