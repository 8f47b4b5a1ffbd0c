def save_chosen(request, user):
    """."""
