"""Makes and checks littlefs images with stock tools, in MicroPython's geometry.

    lfs_image.py make IMAGE BLOCK_SIZE BLOCKS DISK_VERSION    writes an image with files in it
    lfs_image.py check IMAGE BLOCK_SIZE SECONDS               checks what the firmware has written, at that time since 1970
"""

import struct
import sys

import littlefs

MTIME = 1  # The attribute with the modification time in nanoseconds since 1970.


def attach(data, block_size, **more):
    context = littlefs.UserContext(buffer=data)
    return littlefs.LittleFS(
        context=context,
        mount=False,
        block_size=block_size,
        block_count=len(data) // block_size,
        read_size=32,
        prog_size=32,
        cache_size=min(block_size, 128),
        lookahead_size=32,
        block_cycles=100,
        **more,
    )


def make(path, block_size, blocks, version):
    data = bytearray(b"\xff" * (block_size * blocks))
    fs = attach(data, block_size, disk_version=version)
    fs.format()
    fs.mount()
    fs.mkdir("/a folder")
    fs.mkdir("/a folder/deep")
    for name, content in (
        ("/empty", b""),
        ("/small", b"small file"),
        ("/a folder/ümlaut", b"x" * 1000),
        ("/a folder/deep/large", bytes(range(256)) * 40),
    ):
        with fs.open(name, "wb") as f:
            f.write(content)
    fs.setattr("/small", MTIME, struct.pack("<Q", 1_700_000_000_123_456_789))
    fs.unmount()
    with open(path, "wb") as f:
        f.write(data)


def check(path, block_size, seconds):
    with open(path, "rb") as f:
        data = bytearray(f.read())
    fs = attach(data, block_size)
    fs.mount()
    found = {}
    for folder, _, files in fs.walk("/"):
        for name in files:
            full = folder.rstrip("/") + "/" + name
            with fs.open(full, "rb") as f:
                found[full] = f.read()
    assert found["/small"] == b"changed", found["/small"]
    assert found["/a folder/deep/large"] == bytes(range(256)) * 40
    assert found["/from board/é"] == b"board" * 2000
    assert "/empty" not in found and "/a folder/ümlaut" not in found
    (mtime,) = struct.unpack("<Q", fs.getattr("/from board/é", MTIME))
    assert mtime // 1_000_000_000 == seconds, mtime


if __name__ == "__main__":
    action, path, block_size, *more = sys.argv[1:]
    if action == "make":
        make(path, int(block_size), int(more[0]), int(more[1], 16))
    else:
        check(path, int(block_size), int(more[0]))
