"""After an older backup was restored: deletes again who was deleted since it was made."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from community.fields import Sealed
from community.member_data import ledger
from community.member_data.deletion import delete_member
from portal import traces


class Command(BaseCommand):
    help = (
        "Deletes the accounts that the ledger says were deleted, if an older database has brought "
        "them back. Every start does it before the site opens; whatever restores a database "
        "should call it too. It sends no mail."
    )

    def handle(self, **options: Any) -> None:
        number = sum(delete_member(member, farewell="") for member in ledger.deleted_again())
        if not number:
            return
        # What the worker would do a moment later: the site must not open before it is done.
        waiting = DBTaskResult.objects.filter(
            task_path=traces.erase.module_path, status=TaskResultStatus.READY
        )
        silent = [row for row in waiting if not row.args_kwargs["kwargs"]["farewell"]]
        traces.forget(
            [
                traces.Trace(Sealed(told["sealed"]).open().lower(), told["number"])
                for told in (row.args_kwargs["kwargs"] for row in silent)
            ]
        )
        waiting.filter(pk__in=[row.pk for row in silent]).delete()
        traces.compact_database(timezone.now())
        self.stdout.write(f"{number} deleted accounts had come back. They are deleted again.")
