"""Words of the Core Business Vocabulary, CBV 2.0, chapter 7: what stands in EPCIS events in place of a URI."""

from typing import Final

BIZ_STEPS: Final = frozenset((
    "accepting", "arriving", "assembling", "collecting", "commissioning", "consigning", "creating_class_instance",
    "cycle_counting", "decommissioning", "departing", "destroying", "disassembling", "dispensing", "encoding",
    "entering_exiting", "holding", "inspecting", "installing", "killing", "loading", "other", "packing", "picking",
    "receiving", "removing", "repackaging", "repairing", "replacing", "reserving", "retail_selling", "sampling",
    "sensor_reporting", "shipping", "staging_outbound", "stock_taking", "stocking", "storing", "transporting",
    "unloading", "unpacking", "void_shipping",
))  # fmt: skip
"""Business steps (7.1)."""
DISPOSITIONS: Final = frozenset((
    "active", "available", "completeness_inferred", "completeness_verified", "conformant", "container_closed",
    "container_open", "damaged", "destroyed", "dispensed", "disposed", "encoded", "expired", "in_progress",
    "in_transit", "inactive", "mismatch_class", "mismatch_instance", "mismatch_quantity", "needs_replacement",
    "no_pedigree_match", "non_conformant", "non_sellable_other", "partially_dispensed", "recalled", "reserved",
    "retail_sold", "returned", "sellable_accessible", "sellable_not_accessible", "stolen", "unavailable", "unknown",
))  # fmt: skip
"""Dispositions (7.2)."""
BIZ_TRANSACTIONS: Final = frozenset((
    "bol", "cert", "desadv", "inv", "pedigree", "po", "poc", "prodorder", "recadv", "rma", "testprd", "testres",
    "upevt",
))  # fmt: skip
"""Types of business transactions (7.3)."""
PARTIES: Final = frozenset(("owning_party", "possessing_party", "location"))
"""Types of sources and destinations (7.4)."""
ERRORS: Final = frozenset(("did_not_occur", "incorrect_data"))
"""Reasons of error declarations (7.5)."""

_FORMS: Final = {
    "BizStep": ("bizstep", BIZ_STEPS),
    "Disp": ("disp", DISPOSITIONS),
    "SDT": ("sdt", PARTIES),
    "ER": ("er", ERRORS),
}
"""How vocabularies are named in URIs, and in URNs."""
_WORDS: Final = {
    head + word: word
    for name, (old_name, words) in _FORMS.items()
    for head in (f"https://ref.gs1.org/cbv/{name}-", f"cbv:{name}-", f"urn:epcglobal:cbv:{old_name}:")
    for word in words
}


def bare(word: str) -> str:
    """A word for its URI, in any of the forms that EPCIS allows; anything else as it is."""
    return _WORDS.get(word, word)
