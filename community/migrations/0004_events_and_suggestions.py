import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import community.fields


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0003_imported_listings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("suggestion-accepted", "suggestion taken over"),
                            ("suggestion-partly", "suggestion taken over in part"),
                            ("suggestion-rejected", "suggestion not taken over"),
                        ],
                        max_length=40,
                        verbose_name="what",
                    ),
                ),
                ("subject_kind", models.CharField(max_length=20, verbose_name="of what kind")),
                ("subject_key", models.CharField(max_length=80, verbose_name="number")),
                ("detail", models.CharField(blank=True, max_length=200, verbose_name="more")),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ["at", "pk"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["subject_kind", "subject_key"], name="community_event_subject"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("new-group", "New group"), ("correction", "Correction")],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "changes",
                    models.JSONField(blank=True, default=dict, verbose_name="what they say"),
                ),
                (
                    "meets",
                    models.CharField(
                        blank=True, max_length=400, verbose_name="when it meets, in their words"
                    ),
                ),
                (
                    "joining",
                    community.fields.EncryptedTextField(
                        blank=True, default="", verbose_name="how to join, in their words"
                    ),
                ),
                (
                    "words",
                    community.fields.EncryptedTextField(
                        blank=True, default="", verbose_name="what else they say"
                    ),
                ),
                (
                    "reply_address",
                    community.fields.EncryptedTextField(
                        blank=True,
                        default="",
                        editable=False,
                        verbose_name="address for one answer",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="en", max_length=12, verbose_name="language of the page"
                    ),
                ),
                ("created_on", models.DateField(verbose_name="day")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Taken over"),
                            ("partly", "Taken over in part"),
                            ("rejected", "Not taken over"),
                        ],
                        max_length=16,
                        verbose_name="what came of it",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unconfirmed", "Nobody could confirm it"),
                            ("known", "It is here already"),
                            ("right", "The listing is right as it stands"),
                            ("not-fitting", "It is not what this directory is for"),
                            ("unclear", "It could not be understood"),
                            ("other", "Another reason"),
                        ],
                        max_length=16,
                        verbose_name="why not",
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                (
                    "applied",
                    models.JSONField(blank=True, default=dict, verbose_name="what was taken over"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                (
                    "answered_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="answer sent"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="community.supportgroup",
                        verbose_name="listing made of it",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="suggestions",
                        to="community.supportgroup",
                        verbose_name="support group",
                    ),
                ),
                (
                    "suggested_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sent by a colleague",
                    ),
                ),
            ],
            options={
                "verbose_name": "suggestion",
                "verbose_name_plural": "suggestions",
                "ordering": [
                    models.OrderBy(models.F("decided_at"), descending=True, nulls_first=True),
                    "created_on",
                    "pk",
                ],
                "default_permissions": ("view", "change"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("decided_at__isnull", True)),
                        fields=["created_on"],
                        name="community_suggestion_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["new-group", "correction"])),
                        name="community_suggestion_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["", "accepted", "partly", "rejected"])),
                        name="community_suggestion_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("group__isnull", False), ("kind", "correction")),
                            models.Q(("group__isnull", True), ("kind", "new-group")),
                            _connector="OR",
                        ),
                        name="community_suggestion_correction_has_group",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("outcome", ""),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="community_suggestion_decided_has_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("outcome", "rejected"), models.Q(("reason", ""), _negated=True)
                            ),
                            models.Q(
                                models.Q(("outcome", "rejected"), _negated=True), ("reason", "")
                            ),
                            _connector="OR",
                        ),
                        name="community_suggestion_rejected_has_reason",
                        violation_error_message="Say why not.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("draft__isnull", True),
                            models.Q(("kind", "new-group"), ("outcome", "accepted")),
                            _connector="OR",
                        ),
                        name="community_suggestion_draft_of_new_group",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("suggested_by__isnull", True),
                            ("decided_by__isnull", True),
                            models.Q(
                                ("decided_by__isnull", False),
                                ("suggested_by__isnull", False),
                                models.Q(("suggested_by", models.F("decided_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="community_suggestion_sender_does_not_decide",
                        violation_error_message="Somebody else decides what you sent yourself.",
                    ),
                ],
            },
        ),
    ]
