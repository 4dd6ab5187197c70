"""What anyone may look at, for a browser: the nation, its league tables, its regions, its awards."""
