# Asks for WebREPL's password and whether it starts with the board: `import webrepl_setup`.
import os

_CONFIG = "webrepl_cfg.py"
_BOOT = "boot.py"
_LINE = "import webrepl; webrepl.start()"


def _lines(name):
    try:
        with open(name) as f:
            return f.read().split("\n")
    except OSError:
        return []


# The old file is whole until the new one is.
def _write(name, text):
    with open(name + ".part", "w") as f:
        f.write(text)
    os.rename(name + ".part", name)


def _starts(line):
    words = line.strip().lstrip("#").strip()
    return words in (_LINE, "import webrepl", "webrepl.start()")


def enable(on):
    lines = [line for line in _lines(_BOOT) if not _starts(line)]
    while lines and not lines[-1]:
        lines.pop()
    if on:
        lines.append(_LINE)
    _write(_BOOT, "".join(line + "\n" for line in lines))


def password(text):
    if not 4 <= len(text.encode()) <= 63:
        raise ValueError("a password has 4 to 63 bytes")
    _write(_CONFIG, "PASS = %r\n" % text)


def main():
    on = any(_starts(line) and not line.strip().startswith("#") for line in _lines(_BOOT))
    print("WebREPL %s with the board." % ("starts" if on else "does not start"))
    answer = input("(E)nable or (D)isable it? ").strip().upper()
    if answer == "D":
        enable(False)
        print("It will not start any more.")
        return
    if answer != "E":
        print("Nothing was changed.")
        return
    if not _lines(_CONFIG) or input("Change the password? (y/n) ").strip().lower() == "y":
        while True:
            text = input("New password (4 to 63 characters, stock boards take 9): ")
            if not 4 <= len(text.encode()) <= 63:
                print("It has to have 4 to 63 characters.")
            elif text == input("Once more: "):
                break
            else:
                print("They differ.")
        password(text)
    enable(True)
    print("It will start with the next reset.")


if __name__ != "__main__":
    main()
