"""What the community app tells whoever wants to know; it knows nobody who listens."""

from django.dispatch import Signal

# Sent in the transaction of the change, with `instance`: a SupportGroup or Service of which
# something public has changed.
public_content_changed = Signal()
