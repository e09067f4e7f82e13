"""Total-Text's layout: what numpy and Python 2 printed."""

from pathlib import Path

import pytest
from written import PICTURE, problems, write

from craftlite.data.annotations import ANTICLOCKWISE, CROSSING, NO_AREA, NO_TEXT, UNREADABLE
from craftlite.data.readers import read_dataset
from craftlite.data.readers.competitions.totaltext import polygon_record

BOX = "x: [[0 9 9 0]], y: [[0 0 5 5]]"
TRUTH = f"""x: [[20 63 65 21]], y: [[20 19 30 31]], ornt: [u'm'], transcriptions: [u'PETRONAS']
x: [[  0   5   10
   10   5   0]], y: [[5 0 5
 15 10
 15]], ornt: [u'c'], transcriptions: [u"Marky's"]
{BOX}, ornt: [u'#'], transcriptions: [u'#']
{BOX}, ornt: [u'h'], transcriptions: []
{BOX}, ornt: [u'h'], transcriptions: [u'caf\\xe9, "ol\\xe9"]']
x: [[0 0 9 9]], y: [[0 5 5 0]], ornt: [u'h'], transcriptions: [u'back']
x: [[0 9 9 0]], y: [[0 9 0 9]], ornt: [u'h'], transcriptions: [u'bow']
x: [[3 3 3]], y: [[3 3 3]], ornt: [u'h'], transcriptions: [u'dot']
x: [[1 2 3]], y: [[1 2]], ornt: [u'h'],
 transcriptions: [u'uneven']
{BOX}, ornt: [u'h'], transcriptions: [u'open]

{BOX}, ornt: [u'h'], transcriptions: [u'last']
"""


def test_records_over_several_lines(tmp_path: Path) -> None:
    file = "Groundtruth/Polygon/Train/poly_gt_img11.txt"
    write(
        tmp_path, {"Images/Train/img11.jpg": PICTURE, file: "\ufeff" + TRUTH.replace("\n", "\r\n")}
    )
    dataset = read_dataset("totaltext", tmp_path, "train", strict=False)
    [sample] = dataset.samples
    assert sample.name == "img11"
    texts = [word.text for word in sample.words]
    assert texts == [
        *("PETRONAS", "Marky's", None, None, 'café, "olé"]', "back", "bow", "dot", "last")
    ]
    assert [word.ignore for word in sample.words] == [i == 2 for i in range(9)]
    curved = sample.words[1].polygon
    assert curved.tolist() == [[0, 5], [5, 0], [10, 5], [10, 15], [5, 10], [0, 15]]
    assert sample.words[5].polygon.tolist() == [[0, 0], [9, 0], [9, 5], [0, 5]]
    kinds = {7: NO_TEXT, 9: ANTICLOCKWISE, 10: CROSSING, 11: NO_AREA}
    assert problems(dataset, tmp_path) == [
        *((f"{file}:{line}", what) for line, what in kinds.items()),
        (f"{file}:12", UNREADABLE),
        (f"{file}:14", UNREADABLE),
    ]


def test_test_pictures(tmp_path: Path) -> None:
    truth = f"{BOX}, ornt: [u'h'], transcriptions: [u'a']"
    files = {"Images/Test/img1.jpg": PICTURE, "Groundtruth/Polygon/Test/poly_gt_img1.txt": truth}
    assert len(read_dataset("totaltext", write(tmp_path, files), "test").samples[0].words) == 1


@pytest.mark.parametrize("text", ["u'a', u'b'", "7", "open('f')", "(" * 500, r"u'\ud800'"])
def test_only_one_quoted_text_is_a_transcription(text: str) -> None:
    with pytest.raises(ValueError, match="x: "):
        polygon_record(f"{BOX}, ornt: [u'h'], transcriptions: [{text}]")
