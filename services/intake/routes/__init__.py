"""The HTTP doors of intake."""
