"""PostgreSQL takes "CDK4/6" for the path of a file, and finds none of its words."""

from django.db import migrations

TITLE = "translate(title || ' ' || neutral_title, '/', ' ')"
BODY = "translate(body, '/', ' ')"
OLD_TITLE = "title || ' ' || neutral_title"


def statements(title, body):
    return [
        "ALTER TABLE portal_searchentry DROP COLUMN words, DROP COLUMN title_words",
        f"""
        ALTER TABLE portal_searchentry
        ADD COLUMN words tsvector GENERATED ALWAYS AS (
            setweight(to_tsvector('english', {title}), 'A')
            || setweight(to_tsvector('english', {body}), 'D')
        ) STORED,
        ADD COLUMN title_words tsvector GENERATED ALWAYS AS (
            to_tsvector('english', {title})
        ) STORED
        """,
        *(
            f"CREATE INDEX portal_searchentry_{column} ON portal_searchentry"
            f" USING gin ({column}) WITH (fastupdate = off)"
            for column in ("words", "title_words")
        ),
    ]


def run(made):
    def forward(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in made:
                schema_editor.execute(statement)

    return forward


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_read_search_words_at_once")]

    operations = [
        migrations.RunPython(run(statements(TITLE, BODY)), run(statements(OLD_TITLE, "body"))),
    ]
