"""What the starter library says, held against its own rules: docs/content.md names them."""

import re
import tomllib
from datetime import date
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from community.keeping.sheet import EVIDENCE
from facts.choices import Audience, Evidence, Sensitivity
from facts.drug_names import is_drug_name
from facts.figures import has_figure, has_share, missing_frame
from facts.medical_words import abbreviations, unexplained
from facts.passages import cover
from facts.readability import WORD, blocks, grades, plain_text, sentences, stem, word_count
from portal.starter.load import Outcome, load
from portal.starter.read import FOLDER, read


def rows(name, table):
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))[table]


def read_topics():
    paths = sorted((FOLDER / "topics").glob("*.toml"))
    topics = [tomllib.loads(path.read_text(encoding="utf-8")) for path in paths]
    return sorted(topics, key=lambda topic: topic["position"])


TOPICS = read_topics()
FACTS = {f"{topic['slug']}/{fact['slug']}": fact for topic in TOPICS for fact in topic["facts"]}
SOURCES = {row["reference"]: row for row in rows("sources.toml", "sources")}
TERMS = {row["slug"]: row for row in rows("glossary.toml", "terms")}
QUESTIONS = rows("questions.toml", "questions")
SERVICES = rows("services.toml", "services")
PAGES = rows("pages.toml", "pages")

EASY_WORDS = [word for row in TERMS.values() for word in (row["term"], *row["other_names"])]
HIGHEST_GRADE = 9
WORDS = range(60, 181)
OUTLOOK = {"prognosis", "end-of-life"}
END_OF_LIFE_TERMS = {"hospice", "advance-care-planning"}
# Read in a report about the source, or on a copy without an address of the publisher.
NOT_TO_BE_CITED = set("S14 S22 S46 S49 S73 S82 S94 S24 S27 S45 S88 S90 S91".split())
# Cited by a page of the portal, not by a fact.
CITED_BY_PAGES = set(EVIDENCE)
OPENED_ON = {date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 28)}
READ_ON_A_COPY = set("S02 S03 S09 S17 S65 S66".split()) | CITED_BY_PAGES
# Sentences whose figure needs no place or year, or cannot have one.
WITHOUT_A_FRAME = (
    "half of the people lived longer and half lived less long",  # What a median is.
    "a 2018 review of 39 studies",  # Its abstract names no countries.
    "In the same review, about 1 in 5 HER2-positive",
)
NEUTRAL_HEADINGS = {
    "key-facts-about-metastasis/what-treatment-can-do": "What treatment can do",
    "key-facts-about-metastasis/about-a-cure": "About a cure",
    "numbers-and-outlook/figures-over-five-years": "Figures over five years",
    "numbers-and-outlook/what-middle-values-mean": "What “middle values” mean",
    "numbers-and-outlook/how-the-picture-has-changed": "How the picture has changed",
    "feelings-family-and-practical-life/planning-ahead-at-your-pace": (
        "Planning ahead, at your pace"
    ),
    "living-day-to-day/another-kind-of-care": "Another kind of care",
}
URGENT = {
    "living-day-to-day/warning-signs-of-pressure-on-the-spine",
    "living-day-to-day/other-symptoms-to-report-soon",
}

VOICE = re.compile(
    r"\b(?:battl(?:e|es|ed|ing)|fights?|fighting|fought|fighters?|los(?:e|es|ing)|lost|victims?"
    r"|brave|bravely|bravery|journeys?|suffer(?:s|ed|ing|ers?)|warriors?|survivors?|terminal"
    r"|terminally)\b",
    re.IGNORECASE,
)
# A word may stand in quotes, where a fact speaks about the word itself; names are names.
QUOTED = re.compile(r"“[^”]*”|\bMy Journey\b")
DO_NOT_USE = re.compile(
    r"100 ?% will die|5,300|most (?:of the )?money goes to awareness|early detection"
    r"|\b6 ?(?:-|–|to) ?10 ?%|\b6 to 10 in (?:every )?100|regardless of|\b20 ?(?:-|–|to) ?30 ?%"
    r"|11\.4|\b7\.4\b|\b13 ?%",
    re.IGNORECASE,
)
TELLS_A_PROGNOSIS = re.compile(
    r"\b(?:cured|curable|incurable|no cure|not cured|fatal|terminal|die[sd]?|dying|deaths?|dead"
    r"|surviv\w*|short(?:er|ens?)|life expectancy|years to live|time left)\b",
    re.IGNORECASE,
)
BRITISH = re.compile(
    r"\b(?:oestrogen\w*|tumour\w*|counsellors?|counselling|colour\w*|centres?|programmes?|favour\w*"
    r"|behaviour\w*|neighbour\w*|randomis\w*|organis\w*|recognis\w*|practis\w*|hypercalcaemia"
    r"|gynaecolog\w*|paediatric\w*|anaemia|diarrhoea|haem\w*|whilst|fibre|licence|metre)\b",
    re.IGNORECASE,
)
JUNK = re.compile(
    r"\s—|—\s|--|\*\*|\bS\d\d\b|\[|\]|TODO|lorem|\bsrc\b|https?:|\xa0|…|\bas an AI\b"
    r"|(?<![\w(])'|'(?![\w])|\"|\w'\w",
    re.IGNORECASE,
)

each_fact = pytest.mark.parametrize("address", FACTS)


def every_text():
    """Return everything that readers see of the library, by the place where it stands."""
    texts = {}
    for topic in TOPICS:
        for name in ("title", "summary", "introduction"):
            texts[f"{topic['slug']}, {name}"] = plain_text(topic[name])
    for address, fact in FACTS.items():
        for name in ("title", "neutral_heading", "body", "call_now"):
            texts[f"{address}, {name}"] = plain_text(fact.get(name, ""))
        for citation in fact["citations"]:
            texts[f"{address}, supports of {citation['source']}"] = citation["supports"]
    for slug, term in TERMS.items():
        texts[f"glossary, {slug}"] = f"{term['term']}\n{term['explanation']}"
    for question in QUESTIONS:
        texts[f"questions, {question['slug']}"] = question["text"]
    for service in SERVICES:
        texts[f"services, {service['slug']}"] = f"{service['description']}\n{service['hours']}"
    for page in PAGES:
        texts[f"pages, {page['slug']}"] = plain_text(page["body"])
    return texts


def found(pattern, texts, *, without_quotes=False):
    """Return "place: words" for everything that `pattern` finds in `texts`."""
    return [
        f"{place}: {match.group()}"
        for place, text in texts.items()
        for match in pattern.finditer(QUOTED.sub("", text) if without_quotes else text)
    ]


def passages_of(fact):
    return [passage for citation in fact["citations"] for passage in citation["passages"]]


def whole_text(fact):
    """Return the body and the words of the box as one piece of HTML."""
    return f"{fact['body']}<p>{fact.get('call_now', '').strip()}</p>"


def links_of(html):
    return re.findall(r'<a href="([^"]*)">', html)


# What is there


def test_library_can_be_read():
    assert len(read().facts) == len(FACTS)


def test_everything_that_was_promised_is_there():
    assert [topic["position"] for topic in TOPICS] == list(range(1, 9))
    assert len(FACTS) == 43
    assert len(TERMS) >= 40
    assert len(QUESTIONS) == 15
    assert len(SERVICES) >= 10


@pytest.mark.django_db
def test_second_load_of_all_of_it_changes_nothing(starter_library, django_assert_max_num_queries):
    # Each start does this: three for each fact, and for all the rest together some twenty.
    with django_assert_max_num_queries(160):
        report = load(read(), now=timezone.now())

    assert {line.outcome for line in report} == {Outcome.UNCHANGED}


# How it reads


@each_fact
def test_fact_is_easy_to_read_or_says_why_not(address):
    fact = FACTS[address]
    grade = grades(whole_text(fact), EASY_WORDS).median

    assert grade <= HIGHEST_GRADE or fact.get("grade_reason"), grade


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic["slug"])
def test_introduction_is_easy_to_read(topic):
    assert grades(topic["introduction"], EASY_WORDS).median <= HIGHEST_GRADE


@each_fact
def test_fact_is_neither_too_short_nor_too_long(address):
    length = word_count(FACTS[address]["body"])

    assert length in WORDS


@each_fact
def test_medical_words_are_explained(address):
    fact = FACTS[address]
    plain_words = fact.get("plain_words", [])
    text = whole_text(fact)

    assert unexplained(text, EASY_WORDS, plain_words) == []
    assert abbreviations(text, EASY_WORDS, plain_words) == []


@pytest.mark.parametrize("slug", TERMS)
def test_explanation_of_a_word_is_easy_to_read(slug):
    explanation = f"<p>{TERMS[slug]['explanation']}</p>"

    assert grades(explanation, EASY_WORDS).median <= HIGHEST_GRADE


def test_glossary_explains_without_a_hard_word():
    # Words that an explanation leans on and says at once what they are: "the protein HER2".
    plain_words = ["metastatic", "HER2"]
    hard = {
        slug: word.word
        for slug, term in TERMS.items()
        for word in unexplained(
            f"<p>{term['explanation']}</p>", [term["term"], *term["other_names"]], plain_words
        )
    }

    assert hard == {}


def test_words_are_kind():
    assert found(VOICE, every_text(), without_quotes=True) == []


def test_nothing_that_must_not_be_said_is_said():
    assert found(DO_NOT_USE, every_text()) == []


def test_spelling_is_of_one_kind():
    assert found(BRITISH, every_text()) == []


def test_no_traces_of_pasting_are_left():
    assert found(JUNK, every_text()) == []


@each_fact
def test_fact_ends_with_what_the_reader_can_do(address):
    last = " ".join(text for text, _is_heading in blocks(FACTS[address]["body"])[-6:])

    assert re.search(r"\b(?:ask|tell|talk|call|contact|join|start|say)\b", last, re.IGNORECASE)


# What it rests on


@each_fact
def test_passages_stand_in_the_text(address):
    covered = cover(whole_text(FACTS[address]), passages_of(FACTS[address]))

    assert covered.lost == ()
    assert covered.short == ()


@each_fact
def test_every_sentence_with_a_figure_rests_on_a_source(address):
    covered = cover(whole_text(FACTS[address]), passages_of(FACTS[address]))

    assert [s.text for s in covered.uncovered if has_figure(s.text)] == []


@each_fact
def test_every_share_says_of_whom_where_and_when(address):
    before, missing = "", {}
    for sentence in sentences(FACTS[address]["body"]):
        frame = missing_frame(sentence.text, before)
        if frame and not any(words in sentence.text for words in WITHOUT_A_FRAME):
            missing[sentence.text] = frame
        before = sentence.text

    assert missing == {}


@each_fact
def test_only_sources_that_may_be_cited_are_cited(address):
    cited = [citation["source"] for citation in FACTS[address]["citations"]]

    assert set(cited) <= set(SOURCES)
    assert len(cited) == len(set(cited))


def test_sources_are_those_that_may_be_cited():
    cited = {citation["source"] for fact in FACTS.values() for citation in fact["citations"]}

    assert set(SOURCES) == cited | CITED_BY_PAGES
    assert not NOT_TO_BE_CITED & cited
    assert {key for key, row in SOURCES.items() if row["is_read_on_copy"]} == READ_ON_A_COPY
    assert {row["accessed_on"] for row in SOURCES.values()} <= OPENED_ON
    for row in SOURCES.values():
        assert row.get("kind", "other") != "other", row["reference"]
        assert not row["title"].startswith("["), row["reference"]


@each_fact
def test_labels_are_known(address):
    fact = FACTS[address]

    assert set(fact["audiences"]) <= set(Audience.values)
    assert fact["evidence"] in Evidence.values
    assert fact["sensitivity"] in Sensitivity.values


# What is left out until somebody asks


@each_fact
def test_address_is_made_of_the_neutral_heading(address):
    slug, heading = FACTS[address]["slug"], FACTS[address]["neutral_heading"]

    assert slug == slugify(heading)
    assert len(slug) <= 60


def test_facts_about_the_outlook_have_the_headings_that_were_agreed():
    sensitive = {
        address: fact["neutral_heading"]
        for address, fact in FACTS.items()
        if fact["sensitivity"] in OUTLOOK
    }

    assert sensitive == NEUTRAL_HEADINGS


def test_no_heading_or_address_tells_a_prognosis():
    shown = {f"topic {topic['slug']}": f"{topic['title']} {topic['slug']}" for topic in TOPICS}
    for address, fact in FACTS.items():
        shown[address] = f"{fact['neutral_heading']} {fact['slug'].replace('-', ' ')}"
        if fact["sensitivity"] not in OUTLOOK:
            shown[f"{address}, title"] = fact["title"]
    for question in QUESTIONS:
        shown[f"question {question['slug']}"] = question["slug"].replace("-", " ")

    assert found(TELLS_A_PROGNOSIS, shown) == []


def test_no_figure_of_a_sensitive_fact_stands_outside_its_body():
    elsewhere = {}
    for topic in TOPICS:
        elsewhere[topic["slug"]] = topic["title"]
        elsewhere[f"{topic['slug']}, summary"] = topic["summary"]
        elsewhere[f"{topic['slug']}, introduction"] = plain_text(topic["introduction"])
    for address, fact in FACTS.items():
        if fact["sensitivity"] != "none":
            elsewhere[f"{address}, title"] = fact["title"]
            elsewhere[f"{address}, neutral heading"] = fact["neutral_heading"]
            elsewhere[f"{address}, address"] = fact["slug"]
            elsewhere[f"{address}, box"] = fact.get("call_now", "")
            for citation in fact["citations"]:
                elsewhere[f"{address}, {citation['source']}"] = citation["supports"]
    for question in QUESTIONS:
        elsewhere[question["slug"]] = question["text"]
    for slug, term in TERMS.items():
        if slug != "median":  # It says what the half is of: no figure.
            elsewhere[f"glossary, {slug}"] = term["explanation"]

    assert [place for place, text in elsewhere.items() if has_figure(text)] == []


def test_survival_is_told_in_facts_about_the_outlook_alone():
    speaks = re.compile(
        r"\bsurviv|\balive\b|\blived? (?:for |longer |at least )|\bmedian\b|\boutlook\b"
        r"|\bdie[sd]?\b|\bdeaths?\b",
        re.IGNORECASE,
    )
    told = [
        f"{address}: {sentence.text}"
        for address, fact in FACTS.items()
        if fact["sensitivity"] not in OUTLOOK
        for sentence in sentences(whole_text(fact))
        if speaks.search(sentence.text) and has_share(sentence.text)
    ]

    assert told == []


def test_supports_of_facts_about_the_outlook_tell_no_outcome():
    shown = {
        f"{address}, {citation['source']}": citation["supports"]
        for address, fact in FACTS.items()
        if fact["sensitivity"] in OUTLOOK - {"prognosis"}
        for citation in fact["citations"]
    }

    assert found(TELLS_A_PROGNOSIS, shown) == []


def test_sensitive_words_and_questions_are_marked():
    marked = {slug: t["sensitivity"] for slug, t in TERMS.items() if t["sensitivity"] != "none"}
    asked = {q["slug"]: q["sensitivity"] for q in QUESTIONS if q["sensitivity"] != "none"}

    assert marked == {
        "advance-care-planning": "end-of-life",
        "hospice": "end-of-life",
        "relative-survival": "statistics",
    }
    assert asked == {"if-i-want-to-know": "prognosis", "what-should-i-plan-for": "end-of-life"}


@each_fact
def test_words_on_the_end_of_life_are_linked_in_sensitive_facts_alone(address):
    fact = FACTS[address]
    linked = {link.removeprefix("/glossary/#") for link in links_of(fact["body"])}

    if fact["sensitivity"] not in OUTLOOK:
        assert not linked & END_OF_LIFE_TERMS


# What cannot wait


def test_facts_on_urgent_symptoms_say_when_to_call():
    assert {address for address, fact in FACTS.items() if fact.get("call_now")} == URGENT
    for address in URGENT:
        words = FACTS[address]["call_now"]
        assert len(words.strip()) <= 400
        assert FACTS[address]["sensitivity"] == "none"
        # A number to dial has more digits than any temperature.
        assert not re.search(r"\d[\d -]{4,}", words)


# Glossary marks and links


@each_fact
def test_glossary_marks_are_known_and_stand_at_the_first_use(address):
    body = FACTS[address]["body"]
    marks = re.findall(r'<a href="/glossary/#([\w-]+)">(.*?)</a>', body, re.DOTALL)
    slugs = [slug for slug, _words in marks]

    assert set(slugs) <= set(TERMS)
    assert len(slugs) == len(set(slugs))
    for slug, words in marks:
        before = plain_text(body[: body.index(f'"/glossary/#{slug}"') - len("<a href=")])
        forms = {words, TERMS[slug]["term"]}
        used = [w for w in forms if re.search(rf"\b{re.escape(plain_text(w))}\b", before, re.I)]
        assert used == [], f"{slug} is marked after its first use"


@each_fact
def test_words_of_the_glossary_are_marked(address):
    fact = FACTS[address]
    text = plain_text(fact["body"])
    linked = {link.removeprefix("/glossary/#") for link in links_of(fact["body"])}
    held_back = set() if fact["sensitivity"] in OUTLOOK else END_OF_LIFE_TERMS
    unmarked = [
        slug
        for slug, term in TERMS.items()
        if slug not in linked | held_back
        and re.search(rf"(?<![\w-]){re.escape(term['term'])}(?![\w-])", text, re.IGNORECASE)
    ]

    assert unmarked == []


def test_links_are_well_formed():
    texts = {topic["slug"]: topic["introduction"] for topic in TOPICS}
    texts |= {address: fact["body"] for address, fact in FACTS.items()}
    texts |= {page["slug"]: page["body"] for page in PAGES}
    hosts = {urlsplit(row["url"]).hostname for row in (*SOURCES.values(), *SERVICES)}
    for place, html in texts.items():
        assert html.count("<a ") == len(links_of(html)) == html.count("</a>"), place
        for link in links_of(html):
            if not re.fullmatch(r"/(?:[\w-]+/)*(?:#[\w-]+)?", link):
                parts = urlsplit(link)
                assert parts.scheme == "https", f"{place}: {link}"
                assert parts.hostname in hosts, f"{place}: {link}"


@pytest.mark.once
@pytest.mark.django_db
def test_internal_links_lead_to_a_page_and_a_place_on_it(starter_library, client):
    links = {
        link
        for html in [
            *(topic["introduction"] for topic in TOPICS),
            *(fact["body"] for fact in FACTS.values()),
            *(page["body"] for page in PAGES),
        ]
        for link in links_of(html)
        if link.startswith("/")
    }
    pages = {}
    for link in sorted(links):
        path, _, place = link.partition("#")
        if path not in pages:
            response = client.get(path)
            # What is a member's own asks for signing in first.
            assert response.status_code in (
                (200, 302) if path.startswith("/account/") else (200,)
            ), link
            pages[path] = response.content.decode()
        assert not place or f'id="{place}"' in pages[path], link


# Introductions and questions


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic["slug"])
def test_introduction_claims_nothing_that_its_facts_do_not(topic):
    introduction = plain_text(topic["introduction"])
    told = " ".join(f"{fact['title']} {plain_text(fact['body'])}" for fact in topic["facts"])
    drugs = [word for word in WORD.findall(introduction) if is_drug_name(word)]
    linked = [link.partition("#")[2] for link in links_of(topic["introduction"])]
    used = {link.partition("#")[2] for fact in topic["facts"] for link in links_of(fact["body"])}
    terms = [
        slug
        for slug, term in TERMS.items()
        if re.search(rf"\b{re.escape(term['term'])}\b", introduction, re.IGNORECASE)
        and not re.search(rf"\b{re.escape(term['term'])}\b", told, re.IGNORECASE)
    ]

    assert not has_figure(introduction)
    assert [drug for drug in drugs if stem(drug) not in {stem(w) for w in WORD.findall(told)}] == []
    assert set(linked) <= used
    assert terms == []
    assert len(sentences(topic["introduction"])) in range(3, 7)


def test_each_topic_has_questions():
    topics = {address.partition("/")[0] for q in QUESTIONS for address in q["facts"]}

    assert topics == {topic["slug"] for topic in TOPICS}
    for question in QUESTIONS:
        assert question["facts"]
        assert set(question["facts"]) <= set(FACTS)


# Services


def test_services_say_what_a_caller_needs_to_know():
    for service in SERVICES:
        assert service["url"].startswith("https://"), service["slug"]
        assert service["country"]
        assert service["languages"]
        assert service["checked_on"] == date(2026, 11, 22)


# What docs/content.md says of it


def test_table_in_the_docs_is_up_to_date():
    text = (settings.BASE_DIR / "docs" / "content.md").read_text(encoding="utf-8")
    told = {
        row["address"]: (re.findall(r"([\w-]+) [RM]\b", row["sources"]), float(row["grade"]))
        for row in re.finditer(
            r"^\| `(?P<address>[\w/-]+)` \| (?P<sources>[^|]+) \| (?P<grade>[\d.]+) \|",
            text,
            re.MULTILINE,
        )
    }

    assert told == {
        address: (
            [citation["source"] for citation in fact["citations"]],
            grades(whole_text(fact), EASY_WORDS).median,
        )
        for address, fact in FACTS.items()
    }
