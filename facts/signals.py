"""What the facts app tells whoever wants to know; it knows nobody who listens."""

from django.dispatch import Signal

# Sent in the transaction of the change, with `instance`: a Topic, Fact, GlossaryTerm, Question or
# Page of which something public has changed, or may change when its time comes.
public_content_changed = Signal()
