from community.models.calendar_feeds import CalendarFeed
from community.models.change_notices import ChangeNotice
from community.models.consents import Consent
from community.models.data_exports import DataExport
from community.models.events import Event
from community.models.groups import JoiningDetails, SupportGroup
from community.models.imports import ImportedListing, ImportPreview
from community.models.list_imports import ListImport
from community.models.meetings import Meeting, MeetingException, Pause
from community.models.members import Member
from community.models.occurrences import Occurrence
from community.models.places import Place, PlaceName, PlaceSource
from community.models.reading_lists import ReadingList, SavedItem
from community.models.services import Service
from community.models.shared_lists import SharedList, SharedNote
from community.models.sheets import AppointmentSheet, SheetQuestion
from community.models.suggestions import Suggestion
from community.models.verifications import Verification

__all__ = [
    "AppointmentSheet",
    "CalendarFeed",
    "ChangeNotice",
    "Consent",
    "DataExport",
    "Event",
    "ImportPreview",
    "ImportedListing",
    "JoiningDetails",
    "ListImport",
    "Meeting",
    "MeetingException",
    "Member",
    "Occurrence",
    "Pause",
    "Place",
    "PlaceName",
    "PlaceSource",
    "ReadingList",
    "SavedItem",
    "Service",
    "SharedList",
    "SharedNote",
    "SheetQuestion",
    "Suggestion",
    "SupportGroup",
    "Verification",
]
