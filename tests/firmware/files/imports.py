# Imports from every kind of filesystem: modules, packages, compiled code, paths.
import io
import sys

# m.py with `value = 'compiled'`, compiled by mpy-cross 1.23 (bytecode version 6.3).
MPY = b'M\x06\x00\x1f\x04\x00\x16compiled.py\x00\x0f\x10compiled\x00\x82EH\x00\x02\x01\x10\x02\x16\x03Qc'


def forget(*names):
    for name in names:
        sys.modules.pop(name, None)


def check(dir):
    # dir is on sys.path.
    put(dir + "one.py", "value = 1\nname = __name__\nfile = __file__\n")
    import one

    assert (one.value, one.name, one.file) == (1, "one", dir + "one.py")

    os.mkdir(dir + "pack")
    raises(AttributeError, lambda: __import__("pack").missing)
    forget("pack")
    put(dir + "pack/__init__.py", "from . import inner\nfrom .sub import deep\nvalue = inner.value + deep.value\n")
    put(dir + "pack/inner.py", "value = 20\n")
    os.mkdir(dir + "pack/sub")
    put(dir + "pack/sub/__init__.py", "")
    put(dir + "pack/sub/deep.py", "from ..inner import value\nvalue += 2\n")
    import pack
    import pack.sub.deep as deep

    assert pack.value == 42 and deep.value == 22 and pack.sub.deep is deep
    assert pack.__path__ == dir + "pack" and pack.__file__ == dir + "pack/__init__.py"

    put(dir + "compiled.mpy", MPY)
    import compiled

    assert compiled.value == "compiled"

    # Sources first, then compiled code; a folder before both.
    put(dir + "both.py", "value = 'source'")
    put(dir + "both.mpy", MPY)
    import both

    assert both.value == "source"

    # Errors.
    raises(ImportError, __import__, "missing")
    raises(ImportError, __import__, "pack.missing")
    put(dir + "broken.py", "x = 1\ny = (\n")
    raises(SyntaxError, __import__, "broken")
    assert "broken" not in sys.modules
    put(dir + "raising.py", "x = 1\n1 // 0\n")
    raises(ZeroDivisionError, __import__, "raising")
    put(dir + "bad.mpy", b"M\x05\x00\x00")
    raises(ValueError, __import__, "bad")
    for n in range(4, len(MPY), 9 if COLLECTING else 1):
        put(dir + "short.mpy", MPY[:n])
        raises(Exception, __import__, "short")
        assert "short" not in sys.modules

    # Sizes around the reader's buffer, and none.
    for n in (0, 1, 512) if COLLECTING else (0, 1, 510, 511, 512, 513, 1024, 5000):
        put(dir + "sized.py", "#" * (n - 9) + "\nsize=%4d" % n if n > 12 else "#" * n)
        import sized

        assert n <= 12 or sized.size == n
        forget("sized")

    # Lines of every kind, text beyond ASCII.
    put(dir + "lines.py", "a = 'é日😀'\r\nb = '''x\r\ny'''\nc = 3")
    import lines

    assert lines.a == "é日😀" and lines.b == "x\ny" and lines.c == 3
    os.mkdir(dir + "a b")
    put(dir + "a b/ünder.py", "v = 5")
    sys.path.append(dir + "a b")
    import ünder

    assert ünder.v == 5
    sys.path.pop()

    # execfile, and reading one's own source.
    assert open(one.__file__).readline() == "value = 1\n"
    exec(open(dir + "lines.py").read())
    forget("one", "pack", "pack.inner", "pack.sub", "pack.sub.deep", "compiled", "both", "lines", "ünder")
    for name in ("one.py", "compiled.mpy", "both.py", "both.mpy", "broken.py", "raising.py", "bad.mpy", "short.mpy"):
        os.remove(dir + name)
    for name in ("lines.py", "sized.py", "a b/ünder.py", "pack/__init__.py", "pack/inner.py"):
        os.remove(dir + name)
    for name in ("pack/sub/__init__.py", "pack/sub/deep.py"):
        os.remove(dir + name)
    for name in ("pack/sub", "pack", "a b"):
        os.rmdir(dir + name)


assert sys.path == ["", ".frozen", "/lib"], sys.path
os.mkdir("/lib")
check("/lib/")
os.rmdir("/lib")
for make in (lfs, fat):
    vfs.mount(make(200), "/m")
    sys.path.append("/m")
    check("/m/")
    sys.path.pop()
    vfs.umount("/m")

# The current directory comes first.
os.mkdir("/here")
os.chdir("/here")
put("cwdmod.py", "where = __file__")
import cwdmod

assert cwdmod.where == "cwdmod.py"
os.chdir("/")
forget("cwdmod")
raises(ImportError, __import__, "cwdmod")
os.remove("/here/cwdmod.py")
os.rmdir("/here")


# A filesystem written in Python.
class Sources:
    def __init__(self, **files):
        self.files = files
        self.closed = 0
        self.broken = False

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        if self.broken:
            raise ValueError
        name = path.strip("/")
        if name in self.files:
            return (0x8000,) + (0,) * 9
        if any(f.startswith(name + "/") for f in self.files):
            return (0x4000,) + (0,) * 9
        raise OSError(2)

    def open(self, path, mode):
        assert mode == "rb"
        data, fs = self.files[path.strip("/")], self

        class File(io.IOBase):
            at = 0

            def readinto(self, buf):
                n = min(len(buf), len(data) - self.at, 100)
                buf[:n] = data[self.at : self.at + n]
                self.at += n
                return n

            def ioctl(self, op, arg):
                fs.closed += op == 4
                return 0

        return File()


fs = Sources(**{"remote.py": b"#" * 700 + b"\nvalue = 7\n", "far/__init__.py": b"value = 8\n", "comp.mpy": MPY})
vfs.mount(fs, "/remote")
sys.path.append("/remote")
import remote, far, comp

assert (remote.value, far.value, comp.value) == (7, 8, "compiled") and fs.closed == 3
fs.broken = True
raises(ImportError, __import__, "nowhere")
fs.broken = False


class Failing(Sources):
    def open(self, path, mode):
        class File(io.IOBase):
            def readinto(self, buf):
                raise OSError(110)

            def ioctl(self, op, arg):
                return 0

        return File()


vfs.umount("/remote")
vfs.mount(Failing(**{"gone.py": b""}), "/remote")
fails(110, __import__, "gone")
sys.path.pop()
vfs.umount("/remote")
forget("remote", "far", "comp")
print("ok")
