# Open files, on every native filesystem.

# What differs: using a file against its mode or after its end, opening a directory to read and to write.
KINDS = (
    ("/", None, 9, ValueError, 21, 21),
    ("/lfs/", lfs, 9, ValueError, 21, 21),
    ("/fat/", fat, 13, OSError, 2, 13),
)


def check(dir, denied, closed, read_dir, write_dir):
    path = dir + "f.txt"

    # Text: what goes in comes out, byte for byte.
    with open(path, "w") as f:
        assert str(f) == "<io.TextIOWrapper>"
        assert f.write("héllo\r\nworld\n") == 14
        assert f.write("") == 0
        assert f.write(b"!") == 1
        assert f.tell() == 15
        fails(denied, f.read)
    with open(path) as f:
        assert f.read() == "héllo\r\nworld\n!"
        assert f.read() == "" == f.readline() and f.readlines() == []
        f.seek(0)
        assert f.read(2) == "hé" and f.tell() == 3
        f.seek(0)
        assert f.readline() == "héllo\r\n" and f.readline(3) == "wor" and f.readlines() == ["ld\n", "!"]
        fails(denied, f.write, "x")
    with open(path, "r", encoding="utf-8") as f:
        assert list(f) == ["héllo\r\n", "world\n", "!"]
    assert open(path, mode="rt", buffering=1).read(1) == "h"

    # Binary.
    data = bytes(range(256)) * 20
    with open(path, "wb") as f:
        assert str(f) == "<io.FileIO>"
        assert f.write(data) == len(data)
        assert f.write(memoryview(data)[:7]) == 7
        assert f.write(data, 3) == 3
        assert f.write(data, 5, 4) == 4
    data += data[:7] + data[:3] + data[5:9]
    with open(path, "rb") as f:
        assert f.read() == data
        assert os.stat(path)[6] == len(data)
        assert f.seek(-3, 2) == len(data) - 3
        assert f.read(100) == data[-3:]
        assert f.seek(300) == 300 and f.seek(-44, 1) == 256 and f.read(2) == b"\0\1"
        buf = bytearray(1000)
        assert f.readinto(buf) == 1000 and buf == data[258:1258]
        assert f.readinto(buf, 3) == 3 and buf[:3] == data[1258:1261]
        f.seek(0, 2)
        assert f.readinto(buf) == 0 and f.read() == b""
        fails(22, f.seek, -1)
        fails(22, f.seek, -1000000, 1)
        f.seek(10)
        assert f.readline() == b"\n" and len(f.readline()) == 256
        lines = f.readlines()
        assert len(lines) == 19 and sum(len(line) for line in lines) + 267 == len(data)

    # Reading in odd pieces.
    with open(path, "rb") as f:
        pieces = []
        while True:
            pieces.append(f.read(509))
            if not pieces[-1]:
                break
        assert b"".join(pieces) == data

    # w+ and r+: in place; a+ and a: at the end.
    with open(path, "w+b") as f:
        f.write(b"0123456789")
        f.seek(2)
        f.write(b"ab")
        assert f.read(2) == b"45"
        f.seek(0)
        assert f.read() == b"01ab456789"
    with open(path, "r+b") as f:
        assert f.read(1) == b"0"
        f.write(b"X")
        f.seek(0, 2)
        f.write(b"end")
    assert get(path, "rb") == b"0Xab456789end"
    with open(path, "a") as f:
        f.write("+")
        f.flush()
        assert get(path, "rb") == b"0Xab456789end+"
        f.write("+")
    with open(path, "a+") as f:
        f.seek(0)
        assert f.read(3) == "0Xa"
    assert get(path, "rb") == b"0Xab456789end++"
    # Writing beyond the end fills up.
    with open(path, "r+b") as f:
        assert f.seek(2000) == 2000
        f.write(b"z")
    assert get(path, "rb") == b"0Xab456789end++" + bytes(1985) + b"z"

    # x makes a new file, w empties an old one.
    fails(17, open, path, "x")
    with open(dir + "new", "x") as f:
        f.write("new")
    assert get(dir + "new") == "new"
    open(dir + "new", "w").close()
    assert get(dir + "new") == "" and os.stat(dir + "new")[6] == 0
    os.remove(dir + "new")
    fails(2, open, dir + "new")
    fails(2, open, dir + "new", "r+")
    raises(ValueError, open, path, "rw")
    raises(TypeError, open, path, 1)
    raises(TypeError, open)
    os.mkdir(dir + "d")
    fails(read_dir, open, dir + "d")
    fails(write_dir, open, dir + "d", "w")
    os.rmdir(dir + "d")

    # Closed.
    f = open(path)
    assert f.__enter__() is f
    f.close()
    f.close()
    for use in (f.read, f.readline, f.flush, f.tell, lambda: f.seek(0), lambda: next(f)):
        raises(closed, use)
    try:
        with open(path, "wb") as f:
            f.write(b"kept")
            raise KeyError
    except KeyError:
        pass
    raises(closed, f.write, b"x")
    assert get(path) == "kept"

    # Several at once, also on one file.
    files = [open(dir + str(i), "w+") for i in range(6)]
    for i in range(40):
        for n, f in enumerate(files):
            f.write("%d:%d " % (n, i))
    for n, f in enumerate(files):
        f.seek(0)
        assert f.read() == "".join("%d:%d " % (n, i) for i in range(40))
        f.close()
        os.remove(dir + str(n))
    with open(path, "w") as f, open(path) as g, open(path) as h:
        f.write("shared")
        f.flush()
    assert get(path) == "shared"

    # A file that is removed, renamed or replaced while it is open: the others are not touched, whatever becomes of it.
    def lenient(use, *args):
        try:
            use(*args)
        except OSError as e:
            assert e.errno == 9, e

    put(dir + "other", "o" * 3000)
    for act in (
        lambda: os.remove(path),
        lambda: os.rename(path, dir + "renamed"),
        lambda: os.rename(dir + "new", path),
        lambda: put(path, "new"),
    ):
        put(path, "p" * 3000)
        put(dir + "new", "new")
        with open(path, "r+") as f, open(path) as g:
            assert f.read(10) == g.read(10) == "p" * 10
            f.write("q" * 100)
            act()
            lenient(f.write, "r" * 3000)
            lenient(g.read, 10)
            try:
                f.close()
            except OSError as e:
                assert e.errno == 9
        assert get(dir + "other") == "o" * 3000
        gc.collect()
        for name in os.listdir(dir):
            if name in ("renamed", "new", "f.txt"):
                assert len(get(dir + name)) in (3, 3000, 3110), len(get(dir + name))
                os.remove(dir + name)
    os.remove(dir + "other")

    # Entries may come and go during an iteration.
    os.mkdir(dir + "many")
    for i in range(12):
        put(dir + "many/%d" % i, str(i))
    for name, *_ in os.ilistdir(dir + "many"):
        os.remove(dir + "many/" + name)
    assert os.listdir(dir + "many") == []
    entries = os.ilistdir(dir + "many")
    os.rmdir(dir + "many")
    lenient(list, entries)
    put(path)

    # Text that is not UTF-8.
    put(path, b"\xff\xfe")
    with open(path) as f:
        raises(UnicodeError, f.read)
    os.remove(path)


for dir, make, *numbers in KINDS:
    if make:
        vfs.mount(make(), dir[:-1])
    check(dir, *numbers)
    if make:
        vfs.umount(dir[:-1])
print("ok")
