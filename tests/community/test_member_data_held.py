"""P4: every table and column that holds or points to a member is in the copy, or excused."""

import re

import pytest
from django.apps import apps
from django.db import connection, models

from community.fields import EncryptedTextField
from community.member_data.held import (
    ABOUT_NO_MEMBER,
    EXCUSED,
    EXCUSED_TABLES,
    PARTS,
    POINTERS,
    Shown,
    history_models,
)
from community.models import Member

# Tables of which a member owns some rows, and the portal the others.
SHARED = {"community.Event", "community.Suggestion"}
OWNED = {part.model: part for part in PARTS if part.model not in SHARED}
PERSONAL_CLASSES = (EncryptedTextField, models.EmailField, models.GenericIPAddressField)
PERSONAL_NAMES = re.compile(
    r"mail|address|phone|member|user|account|owner|author|session|secret|token|agent|person"
    r"|_name$|_by$|(^|_)ip$|words|contact"
)
# Names of things, not of people; and what a page says to everybody.
HARMLESS = {
    "auth.Permission.codename",
    "community.JoiningDetails.phone",
    "community.Service.phone",
    "community.SupportGroup.is_by_phone",
    "community.SupportGroup.is_in_person",
    "community.SupportGroup.run_by",
    "facts.FactVersion.plain_words",
    "facts.GlossaryTerm.other_names",
    "portal.EmptySearch.words",
    "portal.Synonym.words",
}


def every_model():
    return apps.get_models(include_auto_created=True)


def label(model):
    return model._meta.label


def table_columns(model):
    return {field.name for field in model._meta.concrete_fields}


def belongs_to_members(model):
    """Whether a column of `model` leads to a member's own rows, or to the member."""
    return {
        field.name
        for field in model._meta.concrete_fields
        if field.is_relation
        and field.related_model is not None
        and (field.related_model is Member or label(field.related_model) in OWNED)
    }


def test_p4_every_table_of_a_model_is_declared():
    declared = {part.model for part in PARTS} | set(POINTERS) | ABOUT_NO_MEMBER
    declared |= {label(model) for model in history_models()}
    declared |= {label(m) for m in every_model() if m._meta.db_table in EXCUSED_TABLES}

    assert {label(model) for model in every_model()} - declared == set()
    assert declared - {label(model) for model in every_model()} == set()


def test_p4_every_other_table_of_the_database_is_excused(db):
    of_models = {model._meta.db_table for model in every_model()}
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    # The parts that FTS5 keeps its index in.
    tables -= {t for t in tables if t.startswith("portal_searchtext_")}

    assert tables - of_models - set(EXCUSED_TABLES) == set()


@pytest.mark.parametrize("part", OWNED.values(), ids=OWNED)
def test_p4_every_column_of_a_members_own_rows_is_shown_or_left_out_with_a_reason(part):
    assert set(part.columns) == table_columns(apps.get_model(part.model))
    for how in part.columns.values():
        assert isinstance(how, Shown) or str(how.reason)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.key)
def test_p4_every_column_that_is_declared_is_there(part):
    assert set(part.columns) <= table_columns(apps.get_model(part.model))


@pytest.mark.parametrize("model", every_model(), ids=label)
def test_p4_every_column_that_points_to_a_member_is_declared(model):
    if label(model) in OWNED:
        return
    known = set(POINTERS.get(label(model), ()))
    if model in history_models():
        known.add("history_user")

    assert belongs_to_members(model) == known


@pytest.mark.parametrize("model", every_model(), ids=label)
def test_p4_every_column_that_looks_personal_is_excused_with_a_reason(model):
    if label(model) in OWNED or model._meta.db_table in EXCUSED_TABLES:
        return
    # A former row has the columns of the row that it was.
    name = label(model).replace(".Historical", ".")
    known = {f"{name}.{column}" for column in POINTERS.get(name, ())} | HARMLESS | set(EXCUSED)
    known |= {f"{name}.history_user", f"{name}.history_id"}
    for part in PARTS:
        if part.model == name:
            known |= {f"{name}.{column}" for column in part.columns}

    found = {
        f"{name}.{field.name}"
        for field in model._meta.concrete_fields
        if not field.is_relation
        and (isinstance(field, PERSONAL_CLASSES) or PERSONAL_NAMES.search(field.name))
    }

    assert found - known == set()


def test_p4_no_excuse_outlives_its_column():
    columns = {
        f"{label(model)}.{field.name}"
        for model in every_model()
        for field in model._meta.concrete_fields
    }

    assert (set(EXCUSED) | HARMLESS) - columns == set()


def test_p4_a_new_column_is_noticed():
    """The test above is worth something: an owned table with one column more would fail it."""
    part = OWNED["community.Consent"]

    assert set(part.columns) != {*table_columns(apps.get_model(part.model)), "diagnosis"}
