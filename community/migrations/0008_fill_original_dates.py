"""Dates that are kept ready were never moved so far: each is where its rule put it."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    Occurrence = apps.get_model("community", "Occurrence")
    rows = Occurrence.objects.using(schema_editor.connection.alias)
    rows.update(original_starts_at=F("starts_at"))
    filled = []
    for row in rows.select_related("meeting").iterator(chunk_size=2000):
        row.original_on = row.starts_at.astimezone(ZoneInfo(row.meeting.time_zone)).date()
        filled.append(row)
    rows.bulk_update(filled, ["original_on"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("community", "0007_fuller_listings")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
