"""Read the files in a Qt resource file (.rcc), whose format is Qt's `qresource.cpp`."""

import struct

DIRECTORY, COMPRESSED = 2, 1 | 4  # flags of a node; zlib or zstd
MAGIC = b"qres"


def qt_resources(content: bytes) -> dict[str, bytes]:
    """Return the uncompressed files in a resource file by their paths.

    Raises:
        ValueError: the content is not a Qt resource file.
    """
    if content[:4] != MAGIC:
        raise ValueError("not a Qt resource file")
    version, tree, data, names = struct.unpack(">4I", content[4:20])
    node_size = 14 if version == 1 else 22  # later versions also store the time of change
    files: dict[str, bytes] = {}

    def name_of(node: int) -> str:
        start = names + struct.unpack_from(">I", content, node)[0]
        length = struct.unpack_from(">H", content, start)[0]
        return content[start + 6 : start + 6 + 2 * length].decode("utf-16-be")

    def read(node: int, path: str) -> None:
        flags = struct.unpack_from(">H", content, node + 4)[0]
        if flags & DIRECTORY:
            count, first = struct.unpack_from(">II", content, node + 6)
            for child in range(first, first + count):
                at = tree + child * node_size
                read(at, f"{path}/{name_of(at)}".lstrip("/"))
        elif not flags & COMPRESSED:
            start = data + struct.unpack_from(">I", content, node + 10)[0]
            length = struct.unpack_from(">I", content, start)[0]
            files[path] = content[start + 4 : start + 4 + length]

    read(tree, "")
    return files
