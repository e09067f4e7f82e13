"""Reading XML files as a tree of elements with line numbers, and extracting values from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from craftlite.data.annotations import UnreadableError
from craftlite.data.files.lines import coordinates, read_bytes

MOST_NESTED = 100


@dataclass
class Element:
    """An element: its tag, place "FILE:LINE", attributes, children and parts of its own text."""

    tag: str
    where: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text between its tags, without the children's."""
        return "".join(self.parts).strip()

    def all(self, tag: str) -> Iterator["Element"]:
        """Yield the elements with a tag inside this one, at any depth."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)

    def child(self, *tags: str) -> "Element | None":
        """Return the only child with one of the tags, or None.

        Raises:
            UnreadableError: there are several such children.
        """
        found = [child for child in self.children if child.tag in tags]
        if len(found) > 1:
            raise UnreadableError(found[1].where, f"a second <{found[1].tag}>", "one of them")
        return found[0] if found else None

    def text_of(self, *tags: str) -> str:
        """Return the text of the only child with one of the tags; empty if there is none."""
        child = self.child(*tags)
        return child.text if child else ""

    def attribute(self, name: str) -> str:
        """Return the value of an attribute; raise an UnreadableError if it is missing."""
        if name not in self.attributes:
            raise UnreadableError(self.where, f"<{self.tag}>", f"an attribute {name}")
        return self.attributes[name]

    def numbers(self, *names: str) -> list[float]:
        """Return the numbers in the attributes, or otherwise the children, of these names.

        Raises:
            UnreadableError: one is missing, or is not a number of pixels.
        """
        values = [self.attributes.get(name) or self.text_of(name) for name in names]
        try:
            return coordinates(values)
        except ValueError as error:
            found = dict(zip(names, values, strict=True))
            raise UnreadableError(self.where, found, f"numbers of pixels for {names}") from error


def read_xml(path: Path) -> Element:
    """Parse a file, and return its root element.

    Files with a document type are refused: it could define entities that expand without limit, and
    ground truth does not need one.

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
            raise UnreadableError(here(), f"<{tag}>", f"at most {MOST_NESTED} levels of nesting")
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
    except (expat.ExpatError, LookupError, ValueError) as error:  # also for a bad encoding
        number = parser.CurrentLineNumber
        line = b"".join(raw.splitlines()[number - 1 : number])
        reason = str(error).partition(": line ")[0]
        raise UnreadableError(f"{path}:{number}", line, f"XML ({reason})") from error
    return top.children[0]
