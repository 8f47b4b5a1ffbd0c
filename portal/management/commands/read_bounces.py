import sys
from typing import Any

from django.core.management.base import BaseCommand

from community.signals import mail_given_up
from portal import bounces


class Command(BaseCommand):
    help = (
        "Reads from its input a notice that a mail did not arrive, and notes it. For the alias "
        "of the mail server to which such notices come; anything else is passed over."
    )

    def handle(self, **options: Any) -> None:
        bounce = bounces.read(sys.stdin.buffer.read(bounces.LONGEST))
        if bounce is None:
            self.stdout.write("No notice that a mail did not arrive. Nothing was changed.")
            return
        mail_given_up.send(
            sender=None,
            message_id=bounce.message_id,
            is_refused=True,
            addresses=bounce.addresses,
        )
        self.stdout.write("A notice that a mail did not arrive was read.")
