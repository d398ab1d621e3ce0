"""Words of the documents a Client accepts (Terms 1, 12, 16). Texts and versions are rows."""

from enum import StrEnum


class Document(StrEnum):
    TERMS = "terms"
    PRIVACY = "privacy"
    DPA = "dpa"


class Acceptance(StrEnum):
    BY_CLICK = "accepted_click"
    BY_USE = "accepted_by_use"
    REJECTED = "rejected"
