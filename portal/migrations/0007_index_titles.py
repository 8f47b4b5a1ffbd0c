"""The words of titles alone, behind an index of their own, on PostgreSQL.

FTS5 can be asked for the words of some columns; a tsvector that holds both has to be read again
for each text that holds a word anywhere.
"""

from django.db import migrations

POSTGRESQL = [
    """
    ALTER TABLE portal_searchentry ADD COLUMN title_words tsvector GENERATED ALWAYS AS (
        to_tsvector('english', title || ' ' || neutral_title)
    ) STORED
    """,
    "CREATE INDEX portal_searchentry_title_words ON portal_searchentry USING gin (title_words)",
]
POSTGRESQL_BACK = ["ALTER TABLE portal_searchentry DROP COLUMN title_words"]


def run(statements):
    def run_each(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run_each


class Migration(migrations.Migration):
    dependencies = [("portal", "0006_public_changes")]

    operations = [migrations.RunPython(run(POSTGRESQL), run(POSTGRESQL_BACK))]
