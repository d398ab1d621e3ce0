"""A page read as a person reads it: its words, its fields, its links, and its bones without any text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"input", "link", "meta", "img", "br", "use", "hr"}


@dataclass
class Page(HTMLParser):
    """What is on a page."""

    html: str
    words: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    bones: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._area: str | None = None
        self._select: str | None = None
        self.feed(self.html)
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        # Names of attributes tell a planted one; their values are data.
        self.bones.append(f"{tag}[{','.join(sorted(given))}]")
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "input" and "name" in given and ("checked" in given or given.get("type") != "checkbox"):
            self.fields[given["name"]] = given.get("value", "")
        if tag == "textarea":
            self._area = given["name"]
            self.fields[self._area] = ""
        if tag == "select":
            self._select = given["name"]
            self.fields.setdefault(self._select, "")
        if tag == "option" and self._select and "selected" in given:
            self.fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.fields[self._area] += data.removeprefix("\n")
        if not {"style", "script"} & set(self._open):
            self.words += f" {data}"
