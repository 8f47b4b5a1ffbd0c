"""Addresses of the community app. They are stable: a printed leaflet may carry them."""

from django.urls import URLPattern, URLResolver, include, path

from community.views import (
    account,
    calendars,
    changes,
    entrance,
    from_device,
    list_files,
    list_search,
    mail,
    member_data,
    notes,
    open_data,
    reading_lists,
    saved_items,
    sessions,
    shared_lists,
    sheets,
    suggestions,
    support_groups,
)

app_name = "community"

support_group_urls = [
    path("", support_groups.support_group_list, name="support-group-list"),
    # Before the groups: none of them can have these addresses.
    path("fit/", support_groups.support_group_fit, name="support-group-fit"),
    path("suggest/", suggestions.suggestion_create, name="suggestion-create"),
    path("suggest/thanks/", suggestions.suggestion_sent, name="suggestion-sent"),
    path("<slug:slug>/", support_groups.support_group_detail, name="support-group-detail"),
    path("<slug:slug>/joining/", support_groups.joining_details, name="joining-details"),
    path("<slug:slug>/calendar.ics", calendars.support_group_calendar, name="group-calendar"),
    path("<slug:slug>/correct/", suggestions.correction_create, name="correction-create"),
]
saved_item_urls = [
    path("note/", notes.saved_item_note, name="saved-item-note"),
    path("changes/", changes.saved_item_changes, name="saved-item-changes"),
    path("read/", saved_items.saved_item_read, name="saved-item-read"),
    path("move/", saved_items.saved_item_move, name="saved-item-move"),
    path("to-list/", saved_items.saved_item_to_list, name="saved-item-to-list"),
    path("archive/", saved_items.saved_item_archive, name="saved-item-archive"),
    path("remove/", saved_items.saved_item_delete, name="saved-item-delete"),
]
sheet_urls = [
    path("", sheets.appointment_sheet, name="appointment-sheet"),
    path("choose/", sheets.appointment_sheet_choose, name="appointment-sheet-choose"),
    path("answers/", sheets.appointment_sheet_answers, name="appointment-sheet-answers"),
]
reading_list_urls: list[URLPattern | URLResolver] = [
    path("", reading_lists.reading_list_list, name="reading-list-list"),
    path("state/", saved_items.state, name="state"),
    path("save/", saved_items.saved_item_create, name="saved-item-create"),
    path("calendar/", calendars.calendar_settings, name="calendar-settings"),
    path("calendar/<str:secret>.ics", calendars.calendar_feed, name="calendar-feed"),
    path("sheet/", sheets.device_sheet, name="device-sheet"),
    path("import/", list_files.list_import, name="list-import"),
    path("<uuid:pk>/take-along/", list_files.list_take_along, name="list-take-along"),
    path("<uuid:pk>/list.html", list_files.list_page, name="list-page"),
    path("<uuid:pk>/list.json", list_files.list_data, name="list-data"),
    path("<uuid:pk>/list.csv", list_files.list_table, name="list-table"),
    path("shared/<str:secret>/", shared_lists.shared_list, name="shared-list"),
    path("<uuid:pk>/share/", shared_lists.shared_list_create, name="shared-list-create"),
    path("<uuid:pk>/sheet/", include(sheet_urls)),
    path("<uuid:pk>/sheet.pdf", sheets.appointment_sheet_pdf, name="appointment-sheet-pdf"),
    path("search/", list_search.list_search, name="list-search"),
    path("from-device/", from_device.from_device, name="from-device"),
    path("<uuid:pk>/", reading_lists.reading_list_detail, name="reading-list-detail"),
    path("<uuid:pk>/default/", reading_lists.reading_list_default, name="reading-list-default"),
    path("<uuid:pk>/archive/", reading_lists.reading_list_archive, name="reading-list-archive"),
    path("<uuid:pk>/note/", notes.reading_list_note, name="reading-list-note"),
    path("<uuid:pk>/items/<int:item>/", include(saved_item_urls)),
]
account_urls = [
    path("", account.account, name="account"),
    path("confirm/", account.account_confirm, name="account-confirm"),
    path("mail/", mail.account_mail, name="account-mail"),
    path("export/", member_data.account_export, name="account-export"),
    path(
        "export/<str:secret>/",
        member_data.account_export_download,
        name="account-export-download",
    ),
    path("delete/", member_data.account_delete, name="account-delete"),
    path("consent/", account.account_consent, name="account-consent"),
    path("stay/", account.account_stay, name="account-stay"),
]

open_data_urls = [
    path("", open_data.open_data, name="open-data"),
    path("groups.csv", open_data.groups_csv, name="open-data-csv"),
    path("groups.json", open_data.groups_meeting_guide, name="open-data-meeting-guide"),
    path("hsds/", open_data.hsds_root, name="open-data-hsds"),
    path("hsds/services", open_data.hsds_services, name="open-data-hsds-services"),
    path("hsds/services/<uuid:pk>", open_data.hsds_service, name="open-data-hsds-service"),
]

urlpatterns = [
    path("groups/", include(support_group_urls)),
    path("lists/", include(reading_list_urls)),
    path("api/", include(open_data_urls)),
    path("account/", include(account_urls)),
    # Before allauth's own, which sends no Clear-Site-Data.
    path("accounts/logout/", account.sign_out, name="sign-out"),
    # Which tells, in ways of its own, who has an account.
    path("accounts/confirm-email/", entrance.confirm_email, name="confirm-email"),
    path("accounts/login/code/confirm/", entrance.confirm_login_code, name="confirm-login-code"),
    # And whose list of devices is one query for each.
    path("accounts/sessions/", sessions.session_list, name="session-list"),
]
