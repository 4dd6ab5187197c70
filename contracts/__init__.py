"""What services say to each other: frozen models, no I/O."""
