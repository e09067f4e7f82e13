from craftlite.errors import CraftliteError, DatasetError, printable


def test_control_characters_are_escaped_once_and_the_rest_stays() -> None:
    assert printable("caf\u00e9 \u4e2d\\n") == "caf\u00e9 \u4e2d\\n"
    escaped = printable("a\nb\x1b[31m\r\x7f\x9b\u202e\u2028\udce9")
    assert escaped == "a\\nb\\x1b[31m\\r\\x7f\\x9b\\u202e\\u2028\\udce9"
    assert printable(escaped) == escaped


def test_an_error_is_one_line_except_where_a_dataset_shows_its_layout() -> None:
    assert str(CraftliteError("a\nb\x1b: is none")) == "a\\nb\\x1b: is none"
    assert str(DatasetError("a\x1b: is expected as\n  b/")) == "a\\x1b: is expected as\n  b/"
