"""The full-text index over `portal_searchentry`, in each database's own way."""

from django.db import migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE portal_searchtext USING fts5(
        title, neutral_title, body,
        content='portal_searchentry', content_rowid='id',
        tokenize='porter unicode61 remove_diacritics 2', prefix='2 3'
    )
    """,
    """
    CREATE TRIGGER portal_searchentry_added AFTER INSERT ON portal_searchentry BEGIN
        INSERT INTO portal_searchtext(rowid, title, neutral_title, body)
        VALUES (new.id, new.title, new.neutral_title, new.body);
    END
    """,
    """
    CREATE TRIGGER portal_searchentry_removed AFTER DELETE ON portal_searchentry BEGIN
        INSERT INTO portal_searchtext(portal_searchtext, rowid, title, neutral_title, body)
        VALUES ('delete', old.id, old.title, old.neutral_title, old.body);
    END
    """,
    """
    CREATE TRIGGER portal_searchentry_changed AFTER UPDATE ON portal_searchentry BEGIN
        INSERT INTO portal_searchtext(portal_searchtext, rowid, title, neutral_title, body)
        VALUES ('delete', old.id, old.title, old.neutral_title, old.body);
        INSERT INTO portal_searchtext(rowid, title, neutral_title, body)
        VALUES (new.id, new.title, new.neutral_title, new.body);
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER portal_searchentry_added",
    "DROP TRIGGER portal_searchentry_removed",
    "DROP TRIGGER portal_searchentry_changed",
    "DROP TABLE portal_searchtext",
]
POSTGRESQL = [
    """
    ALTER TABLE portal_searchentry ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title || ' ' || neutral_title), 'A')
        || setweight(to_tsvector('english', body), 'D')
    ) STORED
    """,
    "CREATE INDEX portal_searchentry_words ON portal_searchentry USING gin (words)",
]
POSTGRESQL_BACK = ["ALTER TABLE portal_searchentry DROP COLUMN words"]


def run(statements):
    def forward(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return forward


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        migrations.RunPython(
            run({"sqlite": SQLITE, "postgresql": POSTGRESQL}),
            run({"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}),
        ),
    ]
