"""The settings of the tests: those of the portal, with secrets and folders of their own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

os.environ.setdefault(
    "SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz-for-tests-only-0123456789"
)
os.environ.setdefault("NOTES_KEYS", Fernet.generate_key().decode())
os.environ["WAYMARK_DATA_DIR"] = tempfile.mkdtemp(prefix="waymark-tests-")
atexit.register(shutil.rmtree, os.environ["WAYMARK_DATA_DIR"], ignore_errors=True)
os.environ["SITE_URL"] = "http://localhost:8000"
os.environ.pop("EMAIL_URL", None)

from portal.settings import *  # noqa: E402, F403

if DATABASES["default"]["ENGINE"] == "portal.sqlite":  # noqa: F405
    # Said, since pytest-django knows only Django's own name for what has no file.
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
else:
    # Whoever waits for what will not come shall say so, rather than wait for ever.
    DATABASES["default"]["OPTIONS"]["options"] = (  # noqa: F405
        "-c statement_timeout=120s -c lock_timeout=60s -c idle_in_transaction_session_timeout=300s"
    )
# A slow hash protects passwords; tests have none to protect.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
EMAIL_BACKEND = EMAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Tests ask nobody but a server of their own.
CHECK_LINKS = False
ALLOWED_HOSTS = ["localhost", "testserver"]
Path(os.environ["WAYMARK_DATA_DIR"], "static").mkdir()
