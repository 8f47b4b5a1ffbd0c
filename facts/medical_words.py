"""Finds the medical words of a text that nobody has explained to the reader.

A word is medical if it stands in the lexicon below, or has the shape of a Greek or Latin term.
It is explained if the glossary has it, if the text says what it means where it is used first, or
if the author says that this text needs no glossary for it. Names of drugs are names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from facts.drug_names import is_drug_name
from facts.readability import WORD, find_phrases, phrases, sentences, stem, stems

# Words of oncology that many readers do not know, and how to say them more plainly; "" where
# nothing shorter says the same. Forms and plurals are found too.
LEXICON: dict[str, str] = {
    # What it is
    "adenocarcinoma": "cancer",
    "aggressive": "fast-growing",
    "asymptomatic": "without symptoms",
    "basal-like": "",
    "benign": "not cancer",
    "bilateral": "on both sides",
    "carcinoma": "cancer",
    "comorbidity": "other illness",
    "contralateral": "on the other side",
    "disseminated": "spread",
    "ductal": "",
    "etiology": "cause",
    "idiopathic": "without a known cause",
    "in situ": "not grown into other tissue",
    "inflammatory breast cancer": "",
    "invasive": "grown into nearby tissue",
    "ipsilateral": "on the same side",
    "lesion": "spot",
    "lobular": "",
    "locoregional": "in the breast and nearby",
    "luminal": "",
    "lymphoma": "",
    "malignancy": "cancer",
    "malignant": "cancerous",
    "metastasis": "spread to another part of the body",
    "metastasize": "spread",
    "metastatic": "spread to another part of the body",
    "micrometastasis": "very small spread",
    "morbidity": "illness",
    "mortality": "deaths",
    "neoplasm": "growth",
    "nodule": "small lump",
    "oligometastatic": "spread to a few spots",
    "phyllodes": "",
    "prognosis": "outlook",
    "prognostic": "about the outlook",
    "recurrence": "coming back",
    "relapse": "coming back",
    "remission": "no sign of cancer for now",
    "sarcoma": "",
    "subtype": "kind",
    "triple-negative": "",
    "unilateral": "on one side",
    # The body
    "anterior": "front",
    "axilla": "armpit",
    "axillary": "in the armpit",
    "cardiac": "of the heart",
    "cerebral": "of the brain",
    "cerebrospinal": "around the brain and spine",
    "cutaneous": "of the skin",
    "endocrine": "to do with hormones",
    "epidural": "",
    "femur": "thigh bone",
    "gastric": "of the stomach",
    "gastrointestinal": "of the stomach and bowel",
    "hepatic": "of the liver",
    "intestinal": "of the bowel",
    "leptomeningeal": "of the lining of the brain and spine",
    "lumbar": "of the lower back",
    "lymph": "",
    "lymph gland": "",
    "lymph node": "small gland",
    "lymphatic": "",
    "lymphocyte": "white blood cell",
    "meninges": "lining of the brain",
    "mucosa": "lining",
    "mucous membrane": "lining",
    "neutrophil": "white blood cell",
    "osteoblast": "",
    "osteoclast": "",
    "pericardial": "around the heart",
    "peritoneal": "of the lining of the belly",
    "peritoneum": "lining of the belly",
    "platelet": "blood cell that stops bleeding",
    "pleura": "lining of the lungs",
    "pleural": "around the lungs",
    "posterior": "back",
    "pulmonary": "of the lungs",
    "renal": "of the kidneys",
    "skeletal": "of the bones",
    "spinal cord": "nerves in the spine",
    "sternum": "breastbone",
    "thoracic": "of the chest",
    "vascular": "of the blood vessels",
    "vertebra": "bone of the spine",
    "vertebrae": "bones of the spine",
    "vertebral": "of the spine",
    # Signs and symptoms
    "alopecia": "hair loss",
    "amenorrhea": "no periods",
    "anemia": "too few red blood cells",
    "anaemia": "too few red blood cells",
    "anorexia": "loss of appetite",
    "arrhythmia": "uneven heartbeat",
    "arthralgia": "joint pain",
    "ascites": "fluid in the belly",
    "atrophy": "thinning",
    "cachexia": "weight and muscle loss",
    "cardiomyopathy": "weak heart",
    "cellulitis": "skin infection",
    "cognitive": "thinking and memory",
    "colitis": "swollen bowel",
    "deep vein thrombosis": "blood clot in a leg",
    "dehydration": "",
    "delirium": "sudden confusion",
    "dermatitis": "sore skin",
    "dysgeusia": "changed taste",
    "dyspareunia": "pain during sex",
    "dysphagia": "trouble swallowing",
    "dyspnea": "trouble breathing",
    "edema": "swelling",
    "effusion": "fluid",
    "embolism": "blood clot that has moved",
    "emesis": "vomiting",
    "erythema": "red skin",
    "febrile": "with fever",
    "fracture": "break",
    "hand-foot syndrome": "sore hands and feet",
    "hemorrhage": "bleeding",
    "hypercalcemia": "too much calcium in the blood",
    "hyperglycemia": "high blood sugar",
    "hypertension": "high blood pressure",
    "hypocalcemia": "too little calcium in the blood",
    "hypotension": "low blood pressure",
    "incontinence": "leaking",
    "inflammation": "swelling",
    "interstitial lung disease": "scarred lungs",
    "jaundice": "yellow skin and eyes",
    "leukopenia": "too few white blood cells",
    "libido": "sex drive",
    "lymphedema": "swelling",
    "malaise": "feeling unwell",
    "mucositis": "sore mouth",
    "myalgia": "muscle pain",
    "myelosuppression": "low blood counts",
    "necrosis": "dying tissue",
    "neuropathy": "nerve damage",
    "neutropenia": "too few white blood cells",
    "osteonecrosis": "dying bone",
    "osteoporosis": "thin bones",
    "pancytopenia": "low blood counts",
    "paralysis": "not being able to move",
    "paresthesia": "tingling",
    "pathological fracture": "break in a weak bone",
    "perforation": "hole",
    "pneumonitis": "swollen lungs",
    "pruritus": "itching",
    "pyrexia": "fever",
    "sepsis": "life-threatening infection",
    "stomatitis": "sore mouth",
    "syncope": "fainting",
    "tachycardia": "fast heartbeat",
    "thrombocytopenia": "too few platelets",
    "thromboembolism": "blood clot",
    "thrombosis": "blood clot",
    "xerostomia": "dry mouth",
    # Tests
    "assay": "test",
    "bilirubin": "",
    "biomarker": "sign in blood or tissue",
    "biopsy": "taking a sample",
    "bone density": "how strong bones are",
    "bone scan": "",
    "circulating tumor DNA": "",
    "contrast agent": "dye",
    "core needle": "",
    "creatinine": "",
    "cytology": "looking at cells",
    "echocardiogram": "heart scan",
    "ejection fraction": "how well the heart pumps",
    "electrolyte": "salts in the blood",
    "endoscopy": "",
    "fine needle aspiration": "",
    "histology": "looking at tissue",
    "immunohistochemistry": "",
    "liquid biopsy": "blood test",
    "liver enzyme": "",
    "mammography": "breast X-ray",
    "pathologist": "doctor who looks at tissue",
    "pathology": "looking at tissue",
    "scintigraphy": "",
    "staging": "finding out how far it has spread",
    "tomography": "",
    "tracer": "",
    "tumor marker": "blood test",
    # Genes and cells
    "allele": "",
    "amplification": "",
    "angiogenesis": "growth of blood vessels",
    "apoptosis": "cell death",
    "chromosome": "",
    "cytokine": "",
    "enzyme": "",
    "epithelial": "",
    "estrogen receptor": "",
    "genome": "all genes",
    "genomic": "of the genes",
    "germline": "inherited",
    "hormone receptor": "",
    "kinase": "",
    "ligand": "",
    "mitosis": "cell division",
    "molecular": "",
    "mutation": "gene change",
    "overexpression": "too much",
    "pathway": "",
    "phenotype": "",
    "progesterone receptor": "",
    "proliferation": "growth",
    "receptor": "",
    "somatic": "",
    # Treatments
    "ablation": "",
    "adjuvant": "after the main treatment",
    "agonist": "",
    "analgesia": "pain relief",
    "analgesic": "painkiller",
    "anesthesia": "",
    "anesthetic": "",
    "antagonist": "blocker",
    "anthracycline": "",
    "antibody": "",
    "anticoagulant": "blood thinner",
    "antiemetic": "drug against sickness",
    "antimetabolite": "",
    "aromatase": "",
    "bisphosphonate": "bone drug",
    "brachytherapy": "",
    "cannula": "thin tube",
    "catheter": "thin tube",
    "checkpoint inhibitor": "",
    "chemoradiotherapy": "",
    "chemotherapy": "",
    "combination therapy": "drugs given together",
    "conjugate": "",
    "contraindicated": "not safe for you",
    "contraindication": "reason against it",
    "corticosteroid": "steroid",
    "cryopreservation": "freezing",
    "cytotoxic": "cell-killing",
    "debulking": "",
    "de novo": "from the start",
    "dose-dense": "",
    "embolization": "",
    "endocrine therapy": "hormone therapy",
    "excision": "cutting out",
    "first-line": "first",
    "fulguration": "",
    "hormone therapy": "",
    "hysterectomy": "surgery that removes the womb",
    "immunosuppressant": "",
    "immunotherapy": "",
    "infusion": "drip",
    "inhibitor": "blocker",
    "intramuscular": "into a muscle",
    "intrathecal": "into the fluid of the spine",
    "intravenous": "into a vein",
    "kyphoplasty": "",
    "lumpectomy": "surgery that removes the lump",
    "maintenance therapy": "",
    "mastectomy": "surgery that removes the breast",
    "monoclonal": "",
    "monotherapy": "one drug alone",
    "nephrostomy": "",
    "neoadjuvant": "before surgery",
    "oophorectomy": "surgery that removes the ovaries",
    "opioid": "strong painkiller",
    "ovarian suppression": "switching off the ovaries",
    "palliation": "comfort",
    "palliative": "for comfort",
    "paracentesis": "draining the belly",
    "pleurodesis": "",
    "prophylactic": "to prevent it",
    "prophylaxis": "prevention",
    "proton therapy": "",
    "radioembolization": "",
    "radiofrequency": "",
    "radiosurgery": "",
    "radiotherapy": "",
    "refractory": "not responding",
    "regimen": "treatment plan",
    "resection": "removing by surgery",
    "resectable": "able to be removed",
    "salpingo-oophorectomy": "",
    "sedation": "",
    "sentinel node": "",
    "stem cell transplant": "",
    "stent": "",
    "stereotactic": "very exact",
    "subcutaneous": "under the skin",
    "systemic": "of the whole body",
    "taxane": "",
    "thoracentesis": "draining the chest",
    "titration": "",
    "topical": "on the skin",
    "toxicity": "harm",
    "transfusion": "",
    "tyrosine": "",
    "unresectable": "not able to be removed",
    "vertebroplasty": "",
    # Studies and figures
    "adverse event": "side effect",
    "clinical trial": "",
    "cohort": "group of people",
    "confidence interval": "",
    "disease-free": "",
    "double-blind": "",
    "efficacy": "how well it works",
    "endpoint": "",
    "hazard ratio": "",
    "heterogeneity": "differences",
    "incidence": "new cases",
    "median": "middle value",
    "meta-analysis": "many studies taken together",
    "odds ratio": "",
    "overall survival": "",
    "placebo": "dummy drug",
    "prevalence": "how many people have it",
    "progression": "growing or spreading",
    "progression-free": "",
    "quality-adjusted": "",
    "randomized": "put into groups by chance",
    "relative risk": "",
    "relative survival": "",
    "retrospective": "looking back",
    "statistically significant": "",
    "surrogate": "stand-in",
    # People and places
    "hematologist": "blood doctor",
    "hospice": "",
    "oncologist": "cancer doctor",
    "oncology": "cancer care",
    "psycho-oncologist": "",
    "palliative care": "comfort care",
    # Fertility and hormones
    "androgen": "",
    "gonadotropin": "",
    "ovarian function": "",
    "perimenopausal": "around menopause",
    "postmenopausal": "after menopause",
    "premenopausal": "before menopause",
    "progestogen": "",
}
# Abbreviations of medicine: found only as they are written here.
ABBREVIATIONS = frozenset(
    """
    ADC AE AI AKT BRCA BRCA1 BRCA2 CDK CDK4/6 CNS CSF CT ctDNA DCIS DEXA DVT ECOG ER ESR1 FISH
    GnRH HER2 HR IBC IDC IHC ILC ILD LCIS LVEF MBC MDT MRI MSI mTOR MUGA NED ONJ ORR OS PALB2
    PARP PD-L1 PET PET-CT PFS PI3K PICC PIK3CA PR PSA QOL RCT SBRT SLN SRS TKI TMB TNBC TNM
    TROP2 VTE WBRT
    """.split()
)
# Other abbreviations that need no explanation.
_PLAIN_ABBREVIATIONS = frozenset("US UK EU USA UN TV ID AM PM OK DNA GP HIV PDF US$ FAQ".split())
_ROMAN = re.compile(r"^[IVX]+$")
_ABBREVIATION = re.compile(r"^(?:[A-Z]{2,6}s?|[A-Z]{2,}\d+)$")

# Endings and beginnings of Greek and Latin terms. Long words only, to spare everyday ones.
_SHAPE = re.compile(
    r"^(?:"
    r"[a-z]{3,}(?:ectomy|ostomy|otomy|plasty|oscopy|ography|emia|aemia|osis|itis|pathy|pathic"
    r"|penia|algia|plegia|paresis|cytic|cyte|blastic|lysis|trophy|plasia|genesis|genic|oma"
    r"|omas|omata|uria|ectasis|rrhea|rrhage|megaly|sclerosis|stasis|toxic|philia|phage|ectomies)"
    r"|(?:hyper|hypo|cyto|hemato|haemato|hemo|thrombo|hepato|nephro|myelo|lympho|osteo|chondro"
    r"|immuno|onco|adeno|angio|broncho|gastro|histo|leuko|neo|neuro|cardio|pneumo|pharmaco"
    r"|radio|intra|peri|retro|sub|trans)"
    r"[a-z]*(?:al|ic|ar|oid|ous|ive|emia|oma|osis|itis|gram|cyte|ation|therapy|plasm)"
    r")$"
)
# Words of such a shape that everybody knows.
_EVERYDAY = frozenset(
    stem(word)
    for word in """
    acoma aroma arthritis autobiography biography bibliography bronchitis cardiac choreography
    coma cosmic diagnosis diagnostic diploma empathy fibrosis genesis geography glaucoma
    hypnosis hypothetical immunization intranet intravenous mimosis neutral periodic periodical
    pathetic photographic photography pornography radioactive radical radio radiation
    retroactive sympathy apathy telepathy subjective substantial subtropical subversive
    topography transitional transparent transaction transformation translation transportation
    transplantation transcription transgenic transition tropic psychopathic psychosis
    hepatitis appendicitis tonsillitis meningitis homeopathic homeopathy neurotic neon oasis
    symbiosis metamorphosis osmosis trophy atrophy chocoholic subtotal submission substitution
    subscription transitive transcontinental analysis paralysis dialysis catalysis basis
    emphasis crisis thesis hypothesis synthesis oncoming mononucleosis hypersensitive
    radiologic intramural intrapersonal transcendental transatlantic academia media dilemma
    stigma trauma drama panorama persona nostalgia neurological neurologic period photogenic
    subscriptional subliminal subsonic substandard suburban submarine subordination
    """.split()
)
_KNOWN_LEXICON = phrases(LEXICON)
_PLAINER = {stems(word): plainer for word, plainer in LEXICON.items()}

_MEANS = re.compile(
    r"^[”’\"']*(?:\s+[\w-]+)?[”’\"']*(?:\s+(?:means?|stands? for|is short for|is when|are when)\s"
    r"|,\s+(?:or|that is,?|which (?:is|are|means?)|meaning)\s)",
    re.IGNORECASE,
)
_IS_A = re.compile(r"^(?:\s+[\w-]+)?\s+(?:is an?|are|is the)\s")
_OF_ITSELF = re.compile(r"^[”’\"']*(?:\s+[\w-]+){0,2}[”’\"']*\s*\((?=[^)]*[a-z]{3})")
_CALLED = re.compile(
    r"\b(?:called|named|known as|call(?:s|ed)? (?:it|this|them)|the words?|the name|the term"
    r"|short for)(?:\s+(?:an?|the|or))?(?:\s+[\w-]+){0,2}\s+[“‘\"'(]*$",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\((?:[^()]*\s)?[“‘\"']*$")


@dataclass(frozen=True)
class MedicalWord:
    """A medical word at its first use in a text, which nothing there explains."""

    word: str
    sentence: str
    # How to say it more plainly, or "".
    plainer: str = ""


def split_list(words: str) -> list[str]:
    """Return the words of a list that is separated by commas or lines."""
    return [word for part in re.split(r"[,\n;]", words) if (word := part.strip())]


def is_medical(word: str) -> bool:
    """Return whether one `word`, in any form, is a medical word; the name of a drug is not."""
    if word in ABBREVIATIONS or (word[-1:] == "s" and word[:-1] in ABBREVIATIONS):
        return True
    if stems(word) in _PLAINER:
        return not (word.isupper() and len(word) <= 4)
    return _has_shape(word)


def _has_shape(word: str) -> bool:
    plain = word.casefold()
    base = stem(word)
    if len(plain) < 7 or word.isupper() or base in _EVERYDAY or is_drug_name(word):
        return False  # Capitals alone are the name of something.
    return any(_SHAPE.match(form) for form in (plain, base))


def _is_explained_here(sentence: str, start: int, end: int) -> bool:
    """Return whether the sentence says what its words from `start` to `end` mean."""
    before, after = sentence[:start], sentence[end:]
    return bool(
        _OF_ITSELF.match(after)
        or _MEANS.match(after)
        or (start <= len("“An ") and _IS_A.match(after))
        or _CALLED.search(before)
        or (_IN_BRACKETS.search(before) and ")" in after)
    )


def unexplained(
    html: str, glossary: Iterable[str] = (), plain_words: Iterable[str] = ()
) -> list[MedicalWord]:
    """Return the medical words of `html` that nothing explains, each once, in order.

    `glossary` are the terms that readers can open, with their other names; `plain_words` those
    that this text need not explain. Never raises.
    """
    known = phrases([*glossary, *plain_words])
    found: dict[tuple[str, ...], MedicalWord | None] = {}
    for sentence in sentences(html):
        for start, end in _medical_in(sentence.text, known):
            word = sentence.text[start:end]
            key = stems(word)
            if key in found:
                continue
            if _is_explained_here(sentence.text, start, end):
                found[key] = None
            else:
                found[key] = MedicalWord(word, sentence.text, _PLAINER.get(key, ""))
    explained = {part for key, left in found.items() if left is None for part in key}
    return [
        left
        for key, left in found.items()
        if left is not None and not (len(key) == 1 and key[0] in explained)
    ]


def _medical_in(text: str, known: dict[str, list[tuple[str, ...]]]) -> list[tuple[int, int]]:
    """Return where medical words stand in `text`, without those within `known` phrases."""
    places: list[tuple[int, int]] = []
    parts: list[str] = []
    words: list[tuple[str, int, int]] = []
    for match in WORD.finditer(text):
        words.append((match.group(), match.start(), match.end()))
        for part in re.finditer(r"[^-‑/%]+", match.group()):
            parts.append(stem(part.group()))
            places.append((match.start() + part.start(), match.start() + part.end()))
    is_known = [False] * len(parts)
    for at, length in find_phrases(parts, known):
        is_known[at : at + length] = [True] * length
    covered = {place for place, inside in zip(places, is_known, strict=True) if inside}
    found = [
        (places[at][0], places[at + length - 1][1])
        for at, length in find_phrases(parts, _KNOWN_LEXICON)
        if not all(is_known[at : at + length])
    ]
    taken = {index for start, end in found for index in range(start, end)}
    for word, start, end in words:
        own = [place for place in places if start <= place[0] < end]
        if start in taken or (own and all(place in covered for place in own)):
            continue
        if word in ABBREVIATIONS or word.rstrip("s") in ABBREVIATIONS or _has_shape(word):
            found.append((start, end))
    return sorted(place for place in found if not is_drug_name(text[place[0] : place[1]]))


def abbreviations(
    html: str, glossary: Iterable[str] = (), plain_words: Iterable[str] = ()
) -> list[MedicalWord]:
    """Return the other abbreviations of `html` that neither text nor glossary spells out."""
    known = {word for entry in (*glossary, *plain_words) for word in WORD.findall(entry)}
    found: dict[str, MedicalWord | None] = {}
    for sentence in sentences(html):
        for match in WORD.finditer(sentence.text):
            word = match.group()
            base = word.removesuffix("s")
            if word in found or not _ABBREVIATION.match(word) or _ROMAN.match(word):
                continue
            if {word, base} & (known | _PLAIN_ABBREVIATIONS | ABBREVIATIONS):
                continue
            is_said = _is_explained_here(sentence.text, match.start(), match.end()) or (
                sentence.text[match.end() :].startswith((", a ", ", an ", ", the "))
            )
            found[word] = None if is_said else MedicalWord(word, sentence.text)
    return [left for left in found.values() if left is not None]
