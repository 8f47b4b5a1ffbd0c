import csv
import tracemalloc
import zipfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from community.models import Place, PlaceSource
from community.places.distances import km_between
from community.places.postcodes import import_postcodes
from community.places.search import find_places, parse_near

pytestmark = pytest.mark.django_db

LEEDS = (53.7955, -1.5491)
ONS = """pcd7,pcd8,pcds,dointr,doterm,usertype,east1m,north1m,gridind,ctry25cd,lat,long
AB1 0AA,AB1  0AA,AB1 0AA,198001,199606,0,385386,0801193,1,S92000003,57.101474,-2.242851
LS1 4AP,LS1  4AP,LS1 4AP,198001,,0,429731,433349,1,E92000001,53.7956,-1.5501
LS1 4DL,LS1  4DL,LS1 4DL,198001,,0,429851,433351,1,E92000001,53.7954,-1.5481
LS1 5ZZ,LS1  5ZZ,LS1 5ZZ,198001,,0,,,9,E92000001,99.999999,0.000000
BT1 1AA,BT1  1AA,BT1 1AA,198001,,0,,,1,N92000002,54.6026,-5.9240
"""
DOOGAL = """Postcode,In Use?,Latitude,Longitude,Easting,Northing,Grid Ref,County,District,Country
AB1 0AA,No,57.101474,-2.242851,385386,801193,NJ853011,,Aberdeen City,Scotland
ls1 4ap,Yes,53.7956,-1.5501,429731,433349,SE297333,West Yorkshire,Leeds,England
LS1 4DL,Yes,53.7954,-1.5481,429851,433351,SE298333,West Yorkshire,Leeds,England
"""
CODE_POINT = """"LS1 4AP",10,429731,433349,"E92000001","E1","E1","","E08000035","E05011369"
"LS1 4DL",10,429851,433351,"E92000001","E19000001","E18000002","","E08000035","E05011369"
"LS1 9AA",90,0,0,"E92000001","E19000001","E18000002","","E08000035","E05011369"
"""
HEADINGS = "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\n"
PLAIN = "postcode;lat\n".replace(";", ",") + "LS1 4AP,53.8\n"


@pytest.fixture
def run(tmp_path):
    """Return a function that imports a text, or a file, and returns what the command says."""

    def _run(text, *options, name="postcodes.csv"):
        file = tmp_path / name
        if text is not None:
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command("import_places", str(file), *options, stdout=out)
        return out.getvalue()

    return _run


@pytest.mark.parametrize(
    "text", [ONS, DOOGAL, CODE_POINT, HEADINGS + CODE_POINT, "\ufeff" + DOOGAL]
)
def test_every_open_file_gives_sectors_and_first_halves(run, text):
    run(text)

    sector, outward = find_places("LS1 4AP")[0], find_places("ls1")[0]
    assert sector.label == "LS1 4, England, UK"
    assert outward.label == "LS1, England, UK"
    for place in (sector, outward):
        assert km_between(place.latitude, place.longitude, *LEEDS) < 0.1
    # What has ended is not kept, nor what has no place.
    assert not find_places("AB1 0AA")
    assert find_places("LS1 5ZZ") == [outward]


def test_no_single_postcode_is_kept(run):
    assert run(ONS) == "3 postcodes read in 5 rows; 4 sectors and first halves kept.\n"

    assert set(Place.objects.values_list("key", "name", "region")) == {
        ("uk-ls1", "LS1", "England"),
        ("uk-ls1-4", "LS1 4", "England"),
        ("uk-bt1", "BT1", "Northern Ireland"),
        ("uk-bt1-1", "BT1 1", "Northern Ireland"),
    }


def test_same_file_changes_nothing(run):
    run(ONS)
    loaded_at = PlaceSource.objects.get().loaded_at

    assert run(ONS) == "These postcodes were there already; nothing was changed.\n"

    assert PlaceSource.objects.get().loaded_at == loaded_at


def test_newer_file_takes_the_place_of_the_one_before(run):
    run(ONS)
    run(DOOGAL)

    assert set(Place.objects.values_list("key", flat=True)) == {"uk-ls1", "uk-ls1-4"}
    assert PlaceSource.objects.get().number == 2


def test_part_of_a_file_is_not_taken_for_all(run):
    run(ONS + "M1 1AA,,M1 1AA,198001,,0,,,1,E92000001,53.48,-2.23\n")

    with pytest.raises(CommandError, match=r"2 sectors .* there are 6 .* Nothing was changed"):
        run(DOOGAL)
    assert Place.objects.count() == 6

    run(DOOGAL, "--may-be-fewer")
    assert Place.objects.count() == 2


def test_zip_file_as_it_is_published(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "codepo_gb.zip", "w") as archive:
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", HEADINGS)
        archive.writestr("Doc/codelist.csv", "Code,Name\nE92000001,England\n")
        archive.writestr("Data/CSV/ls.csv", CODE_POINT)
        archive.writestr("Data/CSV/bt.csv", CODE_POINT.replace("LS1", "M1"))

    run(None, name="codepo_gb.zip")

    assert Place.objects.count() == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no columns for a postcode"),
        ("name,size\nLeeds,3\n", "has no columns for a postcode"),
        (PLAIN, "has no columns for a postcode"),
        ("postcode,latitude,longitude\n", "holds no postcodes"),
        ("postcode,latitude,longitude\n60601,41.88,-87.62\n", "holds no postcodes"),
        ("postcode,latitude,longitude\nLS1 4AP,nan,inf\n", "holds no postcodes"),
        ("postcode,latitude,longitude\nLS1 4AP,-53.8,91e9\nLS1\n\n,,\n", "holds no postcodes"),
        (b"\xff\xfe\x00\x01" * 1000, "has no columns for a postcode"),
        (b"x" * 300_000, "damaged|has no columns for a postcode"),
        (b"PK\x03\x04 not really", "has no columns for a postcode"),
    ],
)
def test_other_file_is_refused_in_one_sentence(run, text, words):
    with pytest.raises(CommandError, match=words) as caught:
        run(text)

    assert "\n" not in str(caught.value)
    assert not Place.objects.exists()


def test_file_that_is_not_there_is_refused(run, tmp_path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(None)
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        call_command("import_places", str(tmp_path))


def test_archive_without_postcodes_is_refused(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "sheet.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(CommandError, match=r"No file in sheet.xlsx has a column of postcodes"):
        run(None, name="sheet.xlsx")


def test_mistake_leaves_what_was_there(run):
    run(ONS)
    with pytest.raises(CommandError):
        run("name\nLeeds\n")

    assert Place.objects.count() == 4
    assert parse_near("LS1 4AP").place.key == "uk-ls1-4"


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "large.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["postcode", "latitude", "longitude", "notes"])
        for number in range(60_000):
            inward = f"{number % 10}{chr(65 + number // 10 % 26)}A"
            writer.writerow([f"LS{number % 90 + 1} {inward}", 53.8, -1.55, "x" * 100])
    told = []

    tracemalloc.start()
    report = import_postcodes(path, told.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert report.rows == report.postcodes == 60_000
    assert told == [50_000]
    assert peak < path.stat().st_size / 2
