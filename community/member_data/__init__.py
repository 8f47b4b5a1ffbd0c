"""What is held about a member: the list of it, a copy to take away, and its deletion."""
