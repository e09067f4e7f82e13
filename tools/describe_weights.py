"""Write thresholds and long side of the catalogue into the ONNX files that ship.

`python -m tools.describe_weights`, after thresholds were chosen for them: their metadata, and so
their SHA-256 in the catalogue and in their cards, follow the catalogue's settings.
"""

import json

from craftlite.export.contract import describe_file
from craftlite.files import sha256_of, write_whole
from craftlite.weights import catalogue, folder, settings_text


def main() -> None:
    """Describe every shipped file anew and list the digests that have changed."""
    path = folder() / "catalogue.json"
    content = json.loads(path.read_text("utf-8"))
    for name, entry in catalogue().items():
        assert entry.onnx is not None
        card, digests = folder() / f"{name}.md", content[name]["sha256"]
        before = digests[entry.onnx.name]
        describe_file(entry.onnx)
        after = digests[entry.onnx.name] = sha256_of(entry.onnx)
        if after != before:
            write_whole(card, card.read_text("utf-8").replace(before, after))
            print(f"{entry.onnx.name}: {after}")
    write_whole(path, settings_text(content))


if __name__ == "__main__":
    main()
