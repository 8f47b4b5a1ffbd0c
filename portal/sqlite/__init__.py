"""Django's SQLite, in which writers wait in turn."""
