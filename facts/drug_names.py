"""Knows the name of a drug by its ending, so that it counts as a name and not as a hard word.

Source of the endings: WHO, "International Nonproprietary Names: stem book" (2018); each drug of
one kind shares one. Only those that a text about breast cancer may hold are listed.
"""

import re

# Ending -> what drugs of that name do.
STEMS = {
    "anib": "angiogenesis inhibitors",
    "bactam": "beta-lactamase inhibitors",
    "ciclib": "CDK4/6 inhibitors",
    "conazole": "antifungals",
    "cycline": "antibiotics",
    "degrant": "estrogen receptor degraders",
    "dronate": "bone drugs",
    "dronic": "bone drugs",
    "estrant": "estrogen receptor degraders",
    "fungin": "antifungals",
    "grastim": "white blood cell growth factors",
    "imod": "immune drugs",
    "lisib": "PI3K inhibitors",
    "limus": "mTOR inhibitors",
    "mab": "antibodies",
    "metinib": "MEK inhibitors",
    "mycin": "antibiotics",
    "nidazole": "antibiotics",
    "oxetine": "antidepressants",
    "parib": "PARP inhibitors",
    "pitant": "drugs against sickness",
    "platin": "platinum drugs",
    "poetin": "red blood cell growth factors",
    "prazole": "acid blockers",
    "profen": "painkillers",
    "relin": "hormone blockers",
    "relix": "hormone blockers",
    "rubicin": "anthracyclines",
    "sertib": "kinase inhibitors",
    "setron": "drugs against sickness",
    "statin": "cholesterol drugs",
    "stane": "aromatase inhibitors",
    "tamab": "antibodies",
    "taxel": "taxanes",
    "tecan": "topoisomerase inhibitors",
    "tinib": "kinase inhibitors",
    "trexate": "antifolates",
    "trozole": "aromatase inhibitors",
    "tuzumab": "antibodies",
    "vedotin": "antibody-drug conjugates",
    "zolamide": "diuretics",
    "zumab": "antibodies",
}
# Names whose ending says nothing, and trade names that readers meet.
NAMES = frozenset(
    """
    alpelisib amitriptyline anastrozole aspirin capecitabine capivasertib carboplatin cisplatin
    citalopram codeine cyclophosphamide denosumab deruxtecan dexamethasone docetaxel doxorubicin
    duloxetine elacestrant emtansine epirubicin eribulin etoposide everolimus exemestane fentanyl
    fluorouracil fulvestrant gabapentin gemcitabine goserelin govitecan haloperidol herceptin
    ibuprofen inavolisib ketamine lapatinib letrozole leuprolide leuprorelin loperamide lorazepam
    margetuximab medroxyprogesterone megestrol methotrexate methylphenidate mirtazapine morphine
    naproxen neratinib niraparib olanzapine olaparib ondansetron oxycodone paclitaxel
    pamidronate paracetamol acetaminophen pembrolizumab pertuzumab phesgo pregabalin prednisolone
    prednisone sacituzumab sertraline tamoxifen toremifene trastuzumab tucatinib venlafaxine
    vinblastine vincristine vinorelbine zoledronate zoledronic zometa xgeva enhertu kadcyla
    ibrance kisqali verzenio trodelvy keytruda faslodex arimidex femara aromasin abraxane xeloda
    halaven piqray lynparza talzenna orserdu truqap perjeta nerlynx tukysa imodium datopotamab
    """.split()
)
# Everyday words and other words that end like a drug.
_NOT_DRUGS = frozenset("anthracycline taxel statin platin chronic electronic hydronic".split())
_BY_SHAPE = re.compile(rf"^[a-z]{{3,}}(?:{'|'.join(sorted(STEMS, key=len, reverse=True))})$")


def is_drug_name(word: str) -> bool:
    """Return whether `word` is the name of one drug, by the list or by its ending."""
    plain = word.strip().casefold().replace("’", "'").removesuffix("'s")
    if plain in NAMES:
        return True
    if not plain.isascii() or plain in _NOT_DRUGS:
        return False
    return _BY_SHAPE.match(plain) is not None
