"""Moving a fact or a topic to another address: a page that explains it, and a button that does."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from facts.models import Fact, Topic

ADDRESS_HELP = _(
    "The last part of its address: letters, digits and hyphens, such as figures-over-five-years. "
    "A leaflet may carry it, so it must not tell a prognosis."
)


class MoveFactForm(forms.Form):
    """Asks where a fact is to stand."""

    required_css_class = "required"

    topic = forms.ModelChoiceField(label=_("Topic"), queryset=Topic.objects.all(), empty_label=None)
    slug = forms.SlugField(label=_("Address"), max_length=80, help_text=ADDRESS_HELP)

    def __init__(self, fact: Fact, data: Any = None) -> None:
        super().__init__(data, initial={"topic": fact.topic_id, "slug": fact.slug})


class MoveTopicForm(forms.Form):
    """Asks for the new address of a topic."""

    required_css_class = "required"

    slug = forms.SlugField(label=_("Address"), max_length=80, help_text=ADDRESS_HELP)

    def __init__(self, topic: Topic, data: Any = None) -> None:
        super().__init__(data, initial={"slug": topic.slug})


class MovePage(admin.ModelAdmin):
    """A model whose rows have an address, with a page that gives them another one."""

    move_form: Any

    def may_move(self, user: Any, obj: Any) -> bool:
        """Return whether `user` may move `obj`: what readers know is for reviewers to move."""
        raise NotImplementedError

    def move_to(self, obj: Any, user: Any, data: dict[str, Any]) -> None:
        """Move `obj`. Raises what the model raises."""
        raise NotImplementedError

    def formerly_at(self, obj: Any) -> list[str]:
        """Return the addresses that lead to `obj` already."""
        return [str(row) for row in obj.former_addresses.all()]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.move))
        name = f"facts_{self.opts.model_name}_move"
        return [path("<int:pk>/move/", view, name=name), *super().get_urls()]

    def move_url(self, request: HttpRequest, obj: Any) -> str:
        """Return where `obj` is moved, or an empty string for whoever may not."""
        if obj is None or not self.may_move(request.user, obj):
            return ""
        return reverse(f"admin:facts_{self.opts.model_name}_move", args=[obj.pk])

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Explain what moving does and ask where to; on POST move it, or say why it cannot be."""
        obj = get_object_or_404(self.get_queryset(request), pk=pk)
        if not (self.has_view_permission(request, obj) and self.may_move(request.user, obj)):
            raise PermissionDenied
        form = self.move_form(obj, request.POST if request.method == "POST" else None)
        status = 200
        if form.is_bound and form.is_valid():
            before = obj.get_absolute_url()
            try:
                self.move_to(obj, request.user, form.cleaned_data)
            except ValidationError as error:
                _tell(form, error)
                status = 409
            else:
                words = _now("Moved: %(old)s now leads to %(new)s.") % {
                    "old": before,
                    "new": obj.get_absolute_url(),
                }
                self.log_change(request, obj, words)
                self.message_user(request, words)
                return HttpResponseRedirect(self._page_of(obj))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _now("Move to another address"),
            "subtitle": str(obj),
            "object": obj,
            "back_url": self._page_of(obj),
            "address": obj.get_absolute_url(),
            "formerly_at": self.formerly_at(obj),
            "form": form,
        }
        return TemplateResponse(request, "admin/facts/move.html", context, status=status)

    def _page_of(self, obj: Any) -> str:
        return reverse(f"admin:facts_{self.opts.model_name}_change", args=[obj.pk])


def _tell(form: forms.Form, error: ValidationError) -> None:
    """Put what the model said beside the fields that the form has, and the rest above them."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


class FactMovePage(MovePage):
    move_form = MoveFactForm

    def may_move(self, user: Any, obj: Any) -> bool:
        is_known = obj.was_ever_live(timezone.now())
        return user.has_perm("facts.approve_factversion" if is_known else "facts.change_fact")

    def move_to(self, obj: Any, user: Any, data: dict[str, Any]) -> None:
        obj.move(user, data["topic"], data["slug"])

    def formerly_at(self, obj: Any) -> list[str]:
        return [str(row) for row in obj.former_addresses.select_related("topic")]


class TopicMovePage(MovePage):
    move_form = MoveTopicForm

    def may_move(self, user: Any, obj: Any) -> bool:
        is_known = obj.was_ever_published(timezone.now())
        return user.has_perm("facts.approve_factversion" if is_known else "facts.change_topic")

    def move_to(self, obj: Any, user: Any, data: dict[str, Any]) -> None:
        obj.move(user, data["slug"])
