"""Intake's pages for people: clerks with a key, and everybody who checks a receipt."""
