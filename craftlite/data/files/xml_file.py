"""Files of XML: a tree of elements that know their lines, and values taken out of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from craftlite.data.annotations import UnreadableError
from craftlite.data.files.lines import coordinates, read_bytes

MOST_NESTED = 100


@dataclass
class Element:
    """One element: its tag, place "FILE:LINE", attributes, its own text and what it contains."""

    tag: str
    where: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text between its tags, without that of its children."""
        return "".join(self.parts).strip()

    def all(self, tag: str) -> Iterator["Element"]:
        """The elements of a tag inside, at any depth."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)

    def child(self, *tags: str) -> "Element | None":
        """The one child that has one of the tags, or None.

        Raises:
            UnreadableError: there are several.
        """
        found = [child for child in self.children if child.tag in tags]
        if len(found) > 1:
            raise UnreadableError(found[1].where, f"a second <{found[1].tag}>", "one of them")
        return found[0] if found else None

    def text_of(self, *tags: str) -> str:
        """The text of the one child that has one of the tags; empty where there is none."""
        child = self.child(*tags)
        return child.text if child else ""

    def attribute(self, name: str) -> str:
        """The value of an attribute; raises an UnreadableError where there is none."""
        if name not in self.attributes:
            raise UnreadableError(self.where, f"<{self.tag}>", f"an attribute {name}")
        return self.attributes[name]

    def numbers(self, *names: str) -> list[float]:
        """The numbers that attributes, or else children, of these names hold.

        Raises:
            UnreadableError: one is missing, or is no number of pixels.
        """
        values = [self.attributes.get(name) or self.text_of(name) for name in names]
        try:
            return coordinates(values)
        except ValueError as error:
            found = dict(zip(names, values, strict=True))
            raise UnreadableError(self.where, found, f"numbers of pixels for {names}") from error


def read_xml(path: Path) -> Element:
    """The root of a file.

    A document type is refused: it could define entities that grow without end, and no ground truth
    needs one.

    Raises:
        UnreadableError: it is not XML, has a document type, or is nested deeper than MOST_NESTED.
    """
    raw = read_bytes(path)
    parser = expat.ParserCreate()
    top = Element("", str(path), {})
    opened = [top]

    def here() -> str:
        return f"{path}:{parser.CurrentLineNumber}"

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(opened) > MOST_NESTED:
            raise UnreadableError(here(), f"<{tag}>", f"at most {MOST_NESTED} elements in another")
        opened[-1].children.append(element := Element(tag, here(), attributes))
        opened.append(element)

    def doctype(name: str, *_: object) -> None:
        raise UnreadableError(here(), f"<!DOCTYPE {name}", "XML without a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: opened.pop()
    parser.CharacterDataHandler = lambda data: opened[-1].parts.append(data)
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # not only XML: its encoding
        number = parser.CurrentLineNumber
        line = b"".join(raw.splitlines()[number - 1 : number])
        reason = str(error).partition(": line ")[0]
        raise UnreadableError(f"{path}:{number}", line, f"XML ({reason})") from error
    return top.children[0]
