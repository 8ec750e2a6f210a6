# Where this port differs from stock MicroPython: characters instead of bytes in `str`, spans, sets, evil expressions.
import gc, re, ure

assert re is ure


def refused(pattern):
    try:
        re.compile(pattern)
        return False
    except ValueError as e:
        return e.args[0]


# Characters, not bytes, in a str; bytes in bytes.
m = re.search("(.)(x)?(\u20ac)", "a\xe9\u20acb")
assert m.group() == m.group(0) == "\xe9\u20ac"
assert m.groups() == ("\xe9", None, "\u20ac")
assert m.span() == (1, 3) and m.span(1) == (1, 2) and m.span(2) == (-1, -1) and m.span(3) == (2, 3)
assert (m.start(), m.end(), m.start(2), m.end(2), m.end(1)) == (1, 3, -1, -1, 2)
m = re.search(b"(.)(x)?(\xe2\x82\xac)", "a\xe9\u20acb".encode())
assert m.group(1) == b"\xa9" and m.span() == (2, 6)
assert re.match("[\xe0-\xff]+", "\xe9\xe8a").group(0) == "\xe9\xe8"
assert re.match("[^\xe9]", "\xe9") is None
assert re.compile(".").search("\xe9\u20acb", 1).span() == (1, 2)
assert re.compile(".$").search("\xe9\u20acb", 0, 2).group() == "\u20ac"
assert re.compile(".").split("\xe9\u20acb") == ["", "", "", ""]
assert re.sub("\u20ac", "EUR", "5 \u20ac") == "5 EUR"
# One expression for both kinds of text.
p = re.compile("\xe9")
assert p.search("caf\xe9").span() == (3, 4) and p.search("caf\xe9".encode()).span() == (3, 5)
for wrong in (4, -1):
    for method in (m.group, m.span, m.start, m.end):
        try:
            method(wrong)
            assert False
        except IndexError as e:
            assert e.args == (wrong,)

# A `]` at the start of a set stands for itself; NUL is a character.
assert re.match("[]a]+", "a]b").group() == "a]" and re.match("[^]a]", "x")
assert re.match("a\0[\0]", "a\0\0").span() == (0, 3)
for pattern in ("[]", "[^]", "[a-\\d]", "a**", "(", ")", "(?P<n>a)"):
    assert refused(pattern) == "error in regex"
assert refused("(" * 50 + ")" * 50) == "regex too complex"
assert refused("()" * 1500) == "regex too complex"

# Empty rounds end, and time is bounded.
assert re.match("(a*)*", "b").groups() == ("",)
assert re.match("(a|)*b", "aab").group() == "aab"
assert re.match("(a?)+?$", "aa").group() == "aa"
assert re.match("(a+)+b", "a" * 500) is None


# What a replacement function does with the heap, or raises, harms nothing.
def noisy(m):
    junk = [bytearray(50) for _ in range(20)]
    gc.collect()
    return "<" + m.group(1) + str(m.start()) + ">"


assert re.sub("([a-z])[0-9]", noisy, "a1b2c3 d") == "<a0><b2><c4> d"


class Stop(Exception):
    pass


def stop(m):
    raise Stop(re.sub("a", "b", m.group(0)))


try:
    re.sub("a+", stop, "xaax")
    assert False
except Stop as e:
    assert e.args == ("bb",)
log = "2024-05-31 12:00:01 ERROR disk full; 2024-06-01 00:00:59 INFO ok"
entries = []
at = 0
p = re.compile("([0-9]+)-([0-9]+)-([0-9]+) [^ ]+ ([A-Z]+) ([^;]*)")
while True:
    m = p.search(log, at)
    if not m:
        break
    entries.append(m.groups())
    at = m.end()
assert entries == [("2024", "05", "31", "ERROR", "disk full"), ("2024", "06", "01", "INFO", "ok")]
