"""A DOI is kept as it is printed, 10.1000/182: the next migration makes the database insist."""

import re

from django.db import migrations

PREFIX = re.compile(r"^\s*(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


def make_dois_bare(apps, schema_editor):
    sources = apps.get_model("facts", "Source").objects
    for pk, doi in sources.exclude(doi="").values_list("pk", "doi"):
        bare = PREFIX.sub("", doi).strip()
        # What is none stays in the source's history alone.
        sources.filter(pk=pk).update(doi=bare if bare.startswith("10.") else "")


class Migration(migrations.Migration):
    dependencies = [("facts", "0001_initial")]

    operations = [migrations.RunPython(make_dois_bare, migrations.RunPython.noop)]
