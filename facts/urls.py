"""Addresses of the facts app. They are stable: a printed leaflet may carry them."""

from django.urls import path
from django.views.decorators.http import require_safe

from facts.feeds import FactsFeed
from facts.views import (
    facts,
    glossary,
    history,
    news,
    pages,
    preferences,
    previews,
    questions,
    reports,
    topics,
)

app_name = "facts"

urlpatterns = [
    path("facts/", topics.topic_list, name="topic-list"),
    path("facts/<slug:slug>/", topics.topic_detail, name="topic-detail"),
    path("facts/<slug:topic>/<slug:slug>/", facts.fact_detail, name="fact-detail"),
    path("facts/<slug:topic>/<slug:slug>/history/", history.fact_history, name="fact-history"),
    path("facts/<slug:topic>/<slug:slug>/report/", reports.report_create, name="report-create"),
    path("facts/<slug:topic>/<slug:slug>/report/thanks/", reports.report_sent, name="report-sent"),
    path("preview/<str:token>/", previews.draft_preview, name="draft-preview"),
    path("new/", news.news, name="news"),
    path("feeds/facts.atom", require_safe(FactsFeed()), name="feed"),
    path("glossary/", glossary.glossary, name="glossary"),
    path("questions/", questions.question_list, name="question-list"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("about/", pages.page, {"slug": "about"}, name="page-about"),
    path("privacy/", pages.page, {"slug": "privacy"}, name="page-privacy"),
    path("accessibility/", pages.page, {"slug": "accessibility"}, name="page-accessibility"),
]
