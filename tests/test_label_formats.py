"""Each format of labels, letter by letter, of one picture with four kinds of words."""

import json

import pytest

from craftlite.data.files.lines import unquoted
from craftlite.errors import CraftliteError
from craftlite.formats import coco, csv_table, labelme, labelstudio, paddleocr
from craftlite.formats.cvat import cvat
from craftlite.formats.icdar import quads
from craftlite.formats.record import Record
from craftlite.formats.voc import voc
from craftlite.formats.yolo import data_yaml, yolo

QUAD = [[10.0, 20.0], [30.5, 20.0], [30.5, 40.0], [10.0, 40.0]]
CURVE = [[50.0, 10.0], [60.0, 5.0], [70.0, 10.0], [70.0, 20.0], [50.0, 20.0]]
BOX = [[50.0, 5.0], [70.0, 5.0], [70.0, 20.0], [50.0, 20.0]]
RECORD: Record = {
    "image": "a b/é.jpg",
    "width": 100,
    "height": 50,
    "words": [
        {"quad": QUAD, "polygon": QUAD, "text": "Café, <1>"},
        {"quad": BOX, "polygon": CURVE, "score": 0.5},
        {"quad": QUAD, "polygon": QUAD, "ignore": True},
    ],
    "split": "val",
}


def test_quads() -> None:
    assert quads(RECORD) == (
        "10,20,30.5,20,30.5,40,10,40,Café, <1>\n50,5,70,5,70,20,50,20,?\n"
        "10,20,30.5,20,30.5,40,10,40,###\n"
    )


@pytest.mark.parametrize(
    "text", ["7", "-1,5", ".5 l", '"', 'so-called "quotes"', '"a\\"b\\\\', '3" \\', "\\", "a\\nb"]
)
def test_the_text_of_a_line_is_what_the_competitions_rule_makes_of_it(text: str) -> None:
    line = quads({**RECORD, "words": [{"quad": QUAD, "polygon": QUAD, "text": text}]})
    field = line.removesuffix("\n").split(",", 8)[8]
    assert unquoted(field) == text
    assert field[0] not in "-.0123456789"


def test_a_text_of_several_lines_stays_on_one() -> None:
    line = quads({**RECORD, "words": [{"quad": QUAD, "polygon": QUAD, "text": "a\r\nb\n"}]})
    assert line == "10,20,30.5,20,30.5,40,10,40,a b \n"


def test_coco_has_texts_and_splits_where_they_are_known() -> None:
    file = json.loads(coco([RECORD]))
    assert file["images"] == [
        {"id": 1, "file_name": "a b/é.jpg", "width": 100, "height": 50, "split": "val"}
    ]
    known = ("text", "ignore", "iscrowd", "score")
    assert [{key: one[key] for key in known if key in one} for one in file["annotations"]] == [
        {"text": "Café, <1>", "iscrowd": 0},
        {"score": 0.5, "iscrowd": 0},
        {"ignore": True, "iscrowd": 1},
    ]


def test_csv_has_columns_for_what_is_known() -> None:
    assert csv_table([RECORD]).splitlines() == [
        "image,width,height,score,x1,y1,x2,y2,x3,y3,x4,y4,polygon,text,ignore",
        "a b/é.jpg,100,50,,10.0,20.0,30.5,20.0,30.5,40.0,10.0,40.0,"
        '10.0 20.0 30.5 20.0 30.5 40.0 10.0 40.0,"Café, <1>",',
        "a b/é.jpg,100,50,0.5,50.0,5.0,70.0,5.0,70.0,20.0,50.0,20.0,"
        "50.0 10.0 60.0 5.0 70.0 10.0 70.0 20.0 50.0 20.0,,",
        "a b/é.jpg,100,50,,10.0,20.0,30.5,20.0,30.5,40.0,10.0,40.0,"
        "10.0 20.0 30.5 20.0 30.5 40.0 10.0 40.0,,true",
    ]


def test_labelme() -> None:
    file = json.loads(labelme(RECORD))
    assert (file["imagePath"], file["imageWidth"], file["imageHeight"]) == ("a b/é.jpg", 100, 50)
    assert file["imageData"] is None and file["flags"] == {}
    shape = {"label": "text", "group_id": None, "shape_type": "polygon", "mask": None}
    assert file["shapes"] == [
        {**shape, "points": QUAD, "description": "Café, <1>", "flags": {"ignore": False}},
        {**shape, "points": CURVE, "description": "", "flags": {"ignore": False}},
        {**shape, "points": QUAD, "description": "", "flags": {"ignore": True}},
    ]


def test_label_studio() -> None:
    (task,) = json.loads(labelstudio([RECORD]))
    assert task["data"] == {"image": "/data/local-files/?d=a%20b/%C3%A9.jpg"}
    (prediction,) = task["predictions"]
    word, text, curve, hidden = prediction["result"]
    points = [[10.0, 40.0], [30.5, 40.0], [30.5, 80.0], [10.0, 80.0]]
    region = {"id": "word1", "to_name": "image", "original_width": 100, "original_height": 50}
    region |= {"image_rotation": 0}
    assert word == region | {
        "from_name": "label",
        "type": "polygonlabels",
        "value": {"points": points, "closed": True, "polygonlabels": ["text"]},
    }
    assert text == region | {
        "from_name": "transcription",
        "type": "textarea",
        "value": {"points": points, "text": ["Café, <1>"]},
    }
    assert (curve["id"], curve["score"], len(curve["value"]["points"])) == ("word2", 0.5, 5)
    assert hidden["value"]["polygonlabels"] == ["ignore"]


def test_paddleocr() -> None:
    assert paddleocr([RECORD]) == (
        'a b/é.jpg\t[{"transcription": "Café, <1>", "points": [[10.0, 20.0], [30.5, 20.0], '
        '[30.5, 40.0], [10.0, 40.0]], "difficult": false}, {"transcription": "", "points": '
        "[[50.0, 10.0], [60.0, 5.0], [70.0, 10.0], [70.0, 20.0], [50.0, 20.0]], "
        '"difficult": false}, {"transcription": "###", "points": [[10.0, 20.0], [30.5, 20.0], '
        '[30.5, 40.0], [10.0, 40.0]], "difficult": true}]\n'
    )


def test_names_that_would_end_a_line_are_refused() -> None:
    with pytest.raises(CraftliteError, match="rename the file"):
        paddleocr([{**RECORD, "image": "a\tb.jpg"}])


def test_cvat() -> None:
    shape = '    <polygon label="{}" source="manual" occluded="0" points="{}" z_order="0"{}>\n'
    square = "10.0,20.0;30.5,20.0;30.5,40.0;10.0,40.0"
    curve = "50.0,10.0;60.0,5.0;70.0,10.0;70.0,20.0;50.0,20.0"
    assert cvat([RECORD]) == (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        '  <image id="0" name="a b/é.jpg" subset="Validation" width="100" height="50">\n'
        + shape.format("text", square, "")
        + '      <attribute name="text">Café, &lt;1&gt;</attribute>\n    </polygon>\n'
        + shape.format("text", curve, " /")
        + shape.format("ignore", square, " /")
        + "  </image>\n</annotations>\n"
    )


def test_characters_that_xml_forbids_are_replaced() -> None:
    text = cvat([{**RECORD, "words": [{"polygon": QUAD, "text": "a\x00b\x1f\ud800"}]}])
    assert '<attribute name="text">a\ufffdb\ufffd\ufffd</attribute>' in text


def test_voc() -> None:
    text = voc({**RECORD, "words": RECORD["words"][:1]})
    assert "".join(line.strip() for line in text.splitlines()) == (
        '<?xml version="1.0" encoding="utf-8"?><annotation><folder>JPEGImages</folder>'
        "<filename>é.jpg</filename><size><width>100</width><height>50</height><depth>3</depth>"
        "</size><segmented>0</segmented><object><name>text</name><pose>Unspecified</pose>"
        "<truncated>0</truncated><difficult>0</difficult><bndbox><xmin>10</xmin><ymin>20</ymin>"
        "<xmax>30</xmax><ymax>40</ymax></bndbox><polygon><x1>10.0</x1><y1>20.0</y1>"
        "<x2>30.5</x2><y2>20.0</y2><x3>30.5</x3><y3>40.0</y3><x4>10.0</x4><y4>40.0</y4>"
        "</polygon><text>Café, &lt;1&gt;</text></object></annotation>"
    )
    assert voc(RECORD).count("<difficult>1</difficult>") == 1
    assert "<x5>50.0</x5>" in voc(RECORD)


def test_yolo() -> None:
    assert yolo(RECORD) == (
        "0 0.100000 0.400000 0.305000 0.400000 0.305000 0.800000 0.100000 0.800000\n"
        "0 0.500000 0.100000 0.700000 0.100000 0.700000 0.400000 0.500000 0.400000\n"
        "1 0.100000 0.400000 0.305000 0.400000 0.305000 0.800000 0.100000 0.800000\n"
    )
    outside = [[-1.0, 0.0], [101.0, 0.0], [101.0, 25.0], [-1.0, 25.0]]
    assert yolo({**RECORD, "words": [{"quad": outside}]}) == (
        "0 0.000000 0.000000 1.000000 0.000000 1.000000 0.500000 0.000000 0.500000\n"
    )
    assert data_yaml((), ignore=False) == "train: images\nval: images\nnames:\n  0: text\n"
    assert data_yaml({"val", "train"}, ignore=True) == (
        "train: images/train\nval: images/val\nnames:\n  0: text\n  1: ignore\n"
    )
