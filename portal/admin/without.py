"""What Django's apps bring to the desk and staff do not need.

A list of addresses or sessions is a list of members, and a list of members is a list of
diagnoses; a queued task may hold an address. Roles are made from one place (community.roles).
"""

# Importing the modules registers their models, so that they can be taken out again.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
import django_tasks_db.admin  # noqa: F401
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django_tasks_db.models import DBTaskResult

for model in (EmailAddress, EmailConfirmation, Authenticator, UserSession, Group, DBTaskResult):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
