# Runs before boot.py: makes the flash's filesystem available, formatting the flash the first time.
import vfs


def _superblocks(bdev):
    # How many of the two blocks that every littlefs starts with bear its name.
    n = 0
    for block in (0, 1):
        name = bytearray(8)
        bdev.readblocks(block, name, 8)
        n += name == b"littlefs"
    return n


def _mount(bdev):
    try:
        fs = vfs.VfsLfs2(bdev)
    except OSError as error:
        # A whole filesystem that can't be read is left for its owner to save; anything else, also an interrupted
        # format, is formatted.
        if error.errno == 5 or _superblocks(bdev) == 2:
            raise
        vfs.VfsLfs2.mkfs(bdev)
        fs = vfs.VfsLfs2(bdev)
    vfs.mount(fs, "/")


try:
    _mount(vfs.Flash())
except OSError as error:
    print("the flash has a filesystem that can't be mounted:", error)
del vfs, _superblocks, _mount

# Without names in the globals, which are those of the user's programs.
if __import__("_webrepl").config():
    __import__("webrepl").start(*__import__("_webrepl").config())
    __import__("_webrepl").listens()
