"""On PostgreSQL, words of texts go into their indexes when they are written, and not later.

Otherwise each search reads through the list of what is still to be put in (section 64.4.4.1 of
PostgreSQL 15's manual, "GIN Fast Update Technique"), up to 4 MB of it. Texts are read far more
often than written.
"""

from django.db import migrations

INDEXES = ("portal_searchentry_words", "portal_searchentry_title_words")
POSTGRESQL = [
    *(f"ALTER INDEX {name} SET (fastupdate = off)" for name in INDEXES),
    # What is on the list stays there until it is asked for.
    *(f"SELECT gin_clean_pending_list('{name}'::regclass)" for name in INDEXES),
]
POSTGRESQL_BACK = [f"ALTER INDEX {name} RESET (fastupdate)" for name in INDEXES]


def run(statements):
    def run_each(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run_each


class Migration(migrations.Migration):
    dependencies = [("portal", "0007_index_titles")]

    operations = [migrations.RunPython(run(POSTGRESQL), run(POSTGRESQL_BACK))]
