"""What the community app tells whoever wants to know; it knows nobody who listens."""

from django.dispatch import Signal

# Sent in the transaction of the change, with `instance`: a SupportGroup or Service of which
# something public has changed.
public_content_changed = Signal()

# Sent when something was counted that may be kept: who knows answers with a value that is
# different after every change of what readers see, also one by the clock, or with None.
public_state_asked = Signal()

# Sent by whoever delivers mail, when a message will not arrive: `message_id`; `is_refused`,
# whether the other side does not take it (otherwise our own server could not be reached); and
# `addresses`, those at which nobody gets mail.
mail_given_up = Signal()

# Sent by whoever delivers mail, when a server has taken a message to `addresses`.
mail_taken = Signal()

# Sent in the transaction in which a member is deleted, with `address`, `number`, `mark` and `on`
# (see community.member_data.ledger), `language`, which the member has chosen, if any, and
# `farewell`: "asked" or "idle", the mail that takes leave of the member, or "" for none. Whoever
# keeps traces of the member elsewhere forgets them.
member_deleted = Signal()
