"""A small sound dataset of every layout that is read, as files of bytes by their paths."""

import io
import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tools.attacks.pictures import sound_pictures

QUAD = "10,5,50,5,50,25,10,25"
BOX = [[0, 0], [40, 0], [40, 20], [20, 22], [0, 20]]
HALVES = [[[0, 0], [20, 0], [20, 20], [0, 20]], [[20, 0], [40, 0], [40, 20], [20, 20]]]
TOP = ",".join(f"{10 * i},0" for i in range(7))
CURVE = TOP + "," + ",".join(f"{60 - 10 * i},20" for i in range(7))
TOTALTEXT = """x: [[20 63 65 21]], y: [[20 19 30 31]], ornt: [u'm'], transcriptions: [u'SIGN']
x: [[  0   5   10
   10   5   0]], y: [[5 0 5 15 10 15]], ornt: [u'c'], transcriptions: [u"Marky's"]
"""
XML = f"""<Annotations>
<image file="0001.jpg">
<box height="20" left="0" top="0" width="60">
<label>Caf\u00e9, &amp; Bar</label><segs>{CURVE}</segs><pts x="5" y="5"/></box>
<box><label>###</label><segs>{CURVE}</segs></box>
</image></Annotations>
"""
CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><labels><label><name>text</name></label></labels></task></meta>
  <image id="0" name="a.jpg" width="96" height="48" subset="Train">
    <polygon label="text" occluded="0" source="manual" points="10,5;50,5;50,25;10,25" z_order="0">
      <attribute name="text">Caf\u00e9 &amp; Bar</attribute>
      <attribute name="ignore">false</attribute>
    </polygon>
    <box label="ignore" occluded="0" xtl="10" ytl="5" xbr="50" ybr="25" rotation="30" z_order="0">
    </box>
  </image>
</annotations>
"""
VOC = """<annotation>
  <folder>JPEGImages</folder><filename>a.jpg</filename>
  <size><width>96</width><height>48</height><depth>3</depth></size>
  <object><name>text</name><difficult>0</difficult>
    <bndbox><xmin>10</xmin><ymin>5</ymin><xmax>50</xmax><ymax>25</ymax></bndbox>
    <attributes><attribute><name>text</name><value>Caf\u00e9</value></attribute></attributes>
  </object>
  <object><name>text</name><text>b</text>
    <robndbox><cx>40</cx><cy>20</cy><w>30</w><h>10</h><angle>0.5</angle></robndbox></object>
  <object><name>text</name><difficult>1</difficult>
    <polygon><x1>10</x1><y1>5</y1><x2>50</x2><y2>5</y2><x3>50</x3><y3>25</y3></polygon></object>
</annotation>
"""


class Tree(NamedTuple):
    """A dataset's name, split, the paths of its pictures, and its files of labels."""

    name: str
    split: str
    pictures: tuple[str, ...]
    labels: dict[str, bytes]

    def files(self) -> dict[str, bytes]:
        """Everything, as it is written."""
        return dict.fromkeys(self.pictures, sound_pictures()["plain.jpg"]) | self.labels


@cache
def trees() -> list[Tree]:
    """One of every layout, and both of CTW1500's."""
    return [*_line_trees(), *_json_trees(), *_own_trees(), _synthtext()]


def _line_trees() -> list[Tree]:
    words = f"{QUAD},word\n{QUAD},###\n5,30,90,30,90,45,5,45,a, b\n"
    scripts = f"{QUAD},Latin,word\n{QUAD},None,###\n"
    boxes = '1, 2, 31, 12, "ab"\n41 2 81 22 "###"\n'
    characters = '1 1 1 5 5 1 2 16 12 "a"\n1 1 1 20 5 16 2 31 12 "b"\n\n'
    challenge2, mlt17 = "Challenge2_Test", "ch8_training"
    return [
        _tree("icdar13", "test", f"{challenge2}_Task12_Images/img_1.jpg", {
            f"{challenge2}_Task1_GT/gt_img_1.txt": boxes,
            f"{challenge2}_Task2_GT/img_1_GT.txt": characters,
        }),
        _tree("icdar15", "test", "ch4_test_images/img_1.jpg", {
            "Challenge4_Test_Task1_GT/gt_img_1.txt": words,
        }),
        _tree("icdar2003", "train", "images/a.jpg", {
            "gt/gt_a.txt": f"{QUAD},ab\n", "chars/a.txt": "10,5,30,25,a\n30,5,50,25,b\n",
        }),
        _tree("mlt17", "train", f"{mlt17}_images_1/img_1.jpg", {
            f"{mlt17}_localization_transcription_gt_v2/gt_img_1.txt": scripts,
        }),
        _tree("mlt19", "train", "ImagesPart1/tr_img_00001.jpg", {
            "train_gt_t13/tr_img_00001.txt": scripts,
        }),
        _tree("totaltext", "train", "Images/Train/img11.jpg", {
            "Groundtruth/Polygon/Train/poly_gt_img11.txt": TOTALTEXT,
        }),
        _tree("ctw1500", "train", "train_images/0001.jpg", {"ctw1500_train_labels/0001.xml": XML}),
        _tree("ctw1500", "test", "test_images/1001.jpg", {
            "gt_ctw1500/0001001.txt": f"{CURVE},####Hello ####\n{CURVE},#######\n",
        }),
        _tree("td500", "train", "train/IMG_0030.JPG", {
            "train/IMG_0030.gt": "0 0 10 20 40 10 0\n1 1 10 20 40 10 1.57\n",
        }),
        _tree("quads", "train", "images/a.jpg", {"gt/gt_a.txt": words}),
    ]  # fmt: skip


def _json_trees() -> list[Tree]:
    listed = [
        {"transcription": text, "points": BOX, "language": "Latin", "illegibility": text == "###"}
        for text in ("Stra\u00dfe, 7", "###")
    ]
    flat = [v for point in BOX for v in point]
    textocr = {"image_id": "00a", "utf8_string": "a, b", "points": flat}
    coco = {"image_id": 7, "utf8_string": "ab", "mask": flat, "legibility": "legible"}
    name = "COCO_train2014_000000000007.jpg"
    sure = {"text": "ab", "characters": HALVES, "confidence": 0.5}
    words = [{"polygon": BOX, **sure}, {"quad": BOX[:4], "text": None, "ignore": True}]
    line = {"image": "images/a.jpg", "words": words, "split": "train"}
    anns = {"imgs": {"7": {"file_name": name, "set": "train"}}, "anns": {"w0": coco}}
    return [
        _tree("art", "train", "train_images/gt_2.jpg", {"train_labels.json": {"gt_2": listed}}),
        _tree("lsvt", "train", "train_full_images_0/gt_2.jpg", {
            "train_full_labels.json": {"gt_2": listed},
        }),
        _tree("textocr", "train", "train_images/00a.jpg", {
            "TextOCR_0.1_train.json": {"imgs": {"00a": {}}, "anns": {"w0": textocr}},
        }),
        _tree("cocotext", "train", f"train2014/{name}", {"cocotext.v2.json": anns}),
        _tree("words", "train", "images/a.jpg", {"words.jsonl": line}),
    ]  # fmt: skip


def _own_trees() -> list[Tree]:
    """The labels of other tools, as their exports are."""
    size = {"width": 96, "height": 48}
    corners = [[10, 5], [50, 5], [50, 25], [10, 25]]
    flat = [v for point in corners for v in point]
    words = [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [flat], "iscrowd": 0,
         "bbox": [10, 5, 40, 20], "attributes": {"text": "Caf\u00e9", "rotation": 0.0}},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [10, 5, 40, 20, 30], "ignore": True},
        {"id": 3, "image_id": 1, "category_id": 1, "segmentation": [], "bbox": [60, 5, 30, 20]},
    ]  # fmt: skip
    coco = {
        "images": [{"id": 1, "file_name": "a.jpg", **size}],
        "annotations": words,
        "categories": [{"id": 1, "name": "text"}],
    }
    shapes = [
        {"label": "text", "description": "a, b", "points": BOX, "shape_type": "polygon",
         "group_id": None, "flags": {}, "mask": None},
        {"label": "STOP", "points": corners[::2], "shape_type": "rectangle", "flags": {}},
        {"label": "text", "points": corners, "shape_type": "rotation", "flags": {"ignore": True}},
    ]  # fmt: skip
    labelme = {
        "version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": "../images/a.jpg",
        "imageData": None, "imageHeight": 48, "imageWidth": 96,
    }  # fmt: skip
    region = {"id": "r1", "original_width": 96, "original_height": 48, "image_rotation": 0}
    region |= {"from_name": "label", "to_name": "image"}
    sides = {"x": 50, "y": 10, "width": 40, "height": 30, "rotation": 10}
    result = [
        region | {"type": "polygonlabels",
                  "value": {"points": [[1, 2], [40, 2], [40, 30]], "polygonlabels": ["text"]}},
        region | {"type": "textarea", "value": {"text": ["Caf\u00e9"]}},
        region | {"id": "r2", "type": "rectangle", "value": sides},
        region | {"id": "r2", "type": "labels", "value": sides | {"labels": ["ignore"]}},
    ]  # fmt: skip
    task = {
        "id": 1, "data": {"image": "/data/upload/1/0a1b2c3d-a.jpg"}, "predictions": [],
        "annotations": [{"id": 1, "was_cancelled": False, "result": result,
                         "updated_at": "2026-01-01T00:00:00Z"}],
    }  # fmt: skip
    listed = [
        {"transcription": "Caf\u00e9", "points": corners, "difficult": False},
        {"transcription": "###", "points": BOX, "difficult": False},
    ]
    line = f"images/a.jpg\t{json.dumps(listed, ensure_ascii=False)}\n"
    table = f"image,width,height,score,{','.join(f'{a}{n}' for n in range(1, 5) for a in 'xy')},"
    table += f'polygon,text,ignore\nimages/a.jpg,96,48,0.9,{QUAD},,"a, b",\n'
    table += f"images/a.jpg,96,48,0.9,{QUAD},10 5 50 5 50 25,###,true\n"
    shares = "0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n0 0.5 0.5 0.2 0.1\n1 0.1 0.1 0.5 0.1 0.5 0.5\n"
    return [
        _tree("coco", "train", "images/a.jpg", {"annotations/words.json": coco}),
        _tree("labelme", "train", "images/a.jpg", {"labels/a.json": labelme}),
        _tree("labelstudio", "train", "images/a.jpg", {"export.json": [task]}),
        _tree("cvat", "train", "images/a.jpg", {"annotations.xml": CVAT}),
        _tree("paddleocr", "train", "images/a.jpg", {"Label.txt": line}),
        _tree("voc", "train", "JPEGImages/a.jpg", {
            "Annotations/a.xml": VOC, "ImageSets/Main/train.txt": "a\n",
        }),
        _tree("yolo", "train", "images/train/a.jpg", {
            "labels/train/a.txt": shares, "data.yaml": "names:\n  0: text\n  1: ignore\n",
        }),
        _tree("csv", "train", "images/a.jpg", {"results.csv": table}),
    ]  # fmt: skip


def _tree(name: str, split: str, picture: str, labels: dict[str, Any]) -> Tree:
    texts = {
        path: content if isinstance(content, str) else json.dumps(content) + "\n"
        for path, content in labels.items()
    }
    return Tree(name, split, (picture,), {path: text.encode() for path, text in texts.items()})


def _synthtext() -> Tree:
    from scipy.io import savemat

    def cells(*values: object) -> Any:
        cell = np.empty((1, len(values)), object)
        cell[0] = [np.array(value) for value in values]
        return cell

    one = np.array([[[0.0], [40], [40], [0]], [[0], [0], [20], [20]]])
    variables = {
        "imnames": cells("8/a.jpg", "8/b.jpg"),
        "txt": cells(["a"], ["b", "c"]),
        "wordBB": cells(one[..., 0], np.repeat(one, 2, axis=2)),
        "charBB": cells(one, np.repeat(one, 2, axis=2)),
    }
    file = io.BytesIO()
    savemat(file, variables)
    return Tree("synthtext", "train", ("8/a.jpg", "8/b.jpg"), {"gt.mat": file.getvalue()})
