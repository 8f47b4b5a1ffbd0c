"""What a process of the web server reads in before anybody needs it: memory, and time at start."""

import json

from portal.secrets import make_secrets
from tests.portal.processes import run

# Each with what needs it: the sheet, calendar files, places, misspelt words, a second step.
HEAVY = {"typst", "icalendar", "zipcodes", "rapidfuzz", "qrcode"}
# Tables without their history: this is about modules, and migrations take long.
STEPS = """
import json, sys
from django.conf import settings

settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
import portal.wsgi
from django.apps import apps
from django.core.management import call_command
from django.test import Client

heavy = set(json.loads(sys.argv[1]))
loaded = {"start": sorted(heavy & set(sys.modules))}
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
call_command("migrate", run_syncdb=True, verbosity=0)

from tests.factories import FactFactory, MeetingFactory, make_live

fact, group = make_live(FactFactory()).fact, MeetingFactory().group
browser, page = Client(SERVER_NAME="localhost"), group.get_absolute_url()
for path in ("/", fact.topic.get_absolute_url(), fact.get_absolute_url(), "/groups/", page,
             f"{page}calendar.ics"):
    assert browser.get(path).status_code == 200, path
    loaded[path.rpartition("/")[2] or path] = sorted(heavy & set(sys.modules))
print(json.dumps(loaded))
"""


def test_heavy_libraries_wait_until_they_are_needed(tmp_path):
    make_secrets(tmp_path)

    done = run(
        "-c", STEPS, json.dumps(sorted(HEAVY)), DATABASE_URL="sqlite://:memory:",
        WAYMARK_DATA_DIR=tmp_path, LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="portal.settings",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded.pop("calendar.ics") == ["icalendar"]
    assert {page: names for page, names in loaded.items() if names} == {}
