"""PDFs, where pypdfium2 is installed."""

import io
import logging
import sys
import tracemalloc

import pytest
from PIL import Image

from craftlite import Detector, read_image
from craftlite.errors import InputError
from craftlite.image import open_document, read_pages
from craftlite.image.document import chosen_pages

pytest.importorskip("pypdfium2")


def pdf(pages: int = 1, size: tuple[int, int] = (300, 200)) -> bytes:
    """Pages of one grey each, at 200 pixels an inch."""
    images = [Image.new("L", size, 20 * number) for number in range(1, pages + 1)]
    buffer = io.BytesIO()
    images[0].save(buffer, "PDF", save_all=True, append_images=images[1:], resolution=200)
    return buffer.getvalue()


def by_hand(size: tuple[float, float], content: bytes = b"", trailer: bytes = b"") -> bytes:
    """A PDF of one page with the content given, in the font Helvetica."""
    box = b"/MediaBox [0 0 %f %f]" % size
    font = b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R "
        + box
        + b" /Contents 4 0 R /Resources << "
        + font
        + b">> >>",
        b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    data += b"xref\n0 5\n0000000000 65535 f \n" + table
    return data + b"trailer << /Size 5 /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (trailer, start)


def test_pages_are_drawn_in_order_at_200_dots_an_inch() -> None:
    read = list(read_pages(pdf(3)))
    assert [picture.shape for picture in read] == [(200, 300, 3)] * 3
    assert [int(picture[100, 150, 0]) for picture in read] == [20, 40, 60]
    assert read_image(pdf(3), page=2)[100, 150].tolist() == [40, 40, 40]


def test_only_a_pdf_of_several_pages_numbers_them(caplog: pytest.LogCaptureFixture) -> None:
    one, three = open_document(pdf()), open_document(pdf(3))
    assert (one.several, one.part(1)) == (False, {})
    assert (three.several, three.part(2)) == (True, {"page": 2})
    assert list(chosen_pages(three, None)) == [1, 2, 3]
    with caplog.at_level(logging.WARNING, "craftlite"):
        read_image(pdf(3))
        read_image(pdf())
    assert [record.getMessage() for record in caplog.records] == [
        "the bytes given: has several pages, only the first one is read"
    ]


def test_text_is_found_where_it_stands() -> None:
    """The word at 24 points, 36 from the left and 40 from the bottom of a page 200 by 100."""
    data = by_hand((200, 100), b"BT /F 24 Tf 36 40 Td (Harvest) Tj ET")
    words = Detector(threads=1)(data)
    assert words.size == (556, 278)
    assert len(words) == 1
    left, top = words.quads[0].min(axis=0) * 72 / 200
    right, bottom = words.quads[0].max(axis=0) * 72 / 200
    assert abs(left - 36) < 5 and abs(right - 122) < 7
    assert 36 < top < 46 and 56 < bottom < 66


def test_junk_before_the_header_is_allowed() -> None:
    assert read_image(b"\r\n\r\n" + pdf()).shape == (200, 300, 3)


def test_large_pages_are_drawn_smaller() -> None:
    read = read_image(by_hand((2000, 1000)), max_pixels=20_000)
    assert read.shape == pytest.approx((100, 200, 3), abs=2)
    assert read.shape[0] * read.shape[1] <= 20_000
    with pytest.raises(InputError, match="pixels, more than the limit of 20,000"):
        read_image(by_hand((14_400 * 100, 0.01)), max_pixels=20_000)


def test_what_cannot_be_read_is_named() -> None:
    broken = b"%PDF-1.7\n" + b"nothing of a PDF follows\n" * 9
    with pytest.raises(InputError, match="damaged or cut short"):
        read_image(broken)
    keys = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]"
    with pytest.raises(InputError, match="needs a password"):
        read_image(by_hand((99, 99), trailer=keys % (b"11" * 32, b"22" * 32)))
    with pytest.raises(InputError, match="has no page 4"):
        read_image(pdf(3), page=4)


def test_one_page_at_a_time_is_in_memory() -> None:
    """Twenty pages of 3 MB: what NumPy and ctypes hold never comes near that of them all."""
    data = pdf(20, (1000, 1000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_pages(data)) == 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * 3_000_000


def test_without_the_package_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(InputError, match="pypdfium2: pip install pypdfium2"):
        read_image(pdf())
