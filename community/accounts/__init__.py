"""Accounts: ways in, sessions, and what goes with being a member."""
