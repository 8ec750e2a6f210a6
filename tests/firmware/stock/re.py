# Prints the same on stock MicroPython. Messages of errors differ, and `(a*)*` overflows the stack there.
import re


def show(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)))
    except Exception as e:
        print(type(e).__name__)


def groups(m):
    found = []
    try:
        while True:
            found.append(m.group(len(found)))
    except IndexError:
        return found


def found(m):
    return m and groups(m)


def c(pattern, *texts):
    try:
        compiled = re.compile(pattern)
    except ValueError:
        print(repr(pattern), "ValueError")
        return
    for text in texts:
        print(repr(pattern), repr(text), found(compiled.search(text)), found(compiled.match(text)))


c('a.c', 'a\nc')
c('^a', 'ba', 'a', 'b\na')
c('a$', 'a', 'a\n', 'ab', 'a\nb')
c('', 'abc', '')
c('a|b', 'b')
c('a|', 'b', 'a')
c('|a', 'a')
c('(a|b)*c', 'ababc')
c('(?:a|b)+', 'abab')
c('(a?)*?b', 'aab')
c('a*', 'aaa', 'b')
c('a*?', 'aaa')
c('a+?b', 'aab')
c('a??b', 'ab')
c('a{2}', 'aa', 'a{2}')
c('a{2,3}', 'aaaa')
c('a**', 'a')
c('a++', 'aa')
c('*a', '*a')
c('+', '+')
c('?', '?')
c('(*)', '*')
c('a|*', 'a');c('(?', 'a')
c('(', 'a')
c(')', 'a', ')')
c('a)', 'a', 'a)')
c('(a', 'a')
c('[', '[')
c('[a', 'a')
c(']', ']')
c('a]', 'a]')
c('[^a]', 'a', 'b', '\n')
c('[a-c]', 'b', '-')
c('[a-]', '-', 'a')
c('[-a]', '-', 'a')
c('[a-c-e]', '-', 'd')
c('[c-a]', 'b')
c('[\\]]', ']')
c('[\\d]', '5', 'd', '\\')
c('[\\w-]+', 'a-b')
c('[\\n]', '\n', 'n', '\\')
c('\\n', '\n', 'n')
c('\\t', '\t', 't')
c('\\x41', 'A', 'x41')
c('\\.', '.', 'a')
c('\\\\', '\\')
c('\\', '\\')
c('[\\', '\\')
c('\\d+', 'a12')
c('\\D', '1a')
c('\\s', 'a b', 'a\x0bb', '\x1c')
c('\\S', '  a')
c('\\w+', '-a_9é')
c('\\W', 'a_-')
c('\\b', 'a b')
c('\\bfoo', 'foo', 'a foo', 'bfoo')
c('\\B', 'a')
c('\\A', 'a', 'A')
c('\\Z', 'a', 'Z')
c('\\1', '1')
c('(a)\\1', 'aa', 'a1')
c('(?P<x>a)', 'a')
c('(?i)a', 'A')
c('(?=a)', 'a')
c('(?!a)', 'a')
c('(?#a)', 'a')
c('[[:alpha:]]', 'a', ':]')
c('[[]', '[')
c('[&&]', '&')
c('[a&&b]', '&')
c('[~~]', '~')
c('[.]', '.', 'a')
c('[$]', '$')
c('[^^]', '^', 'a')
c('[a^]', '^')
c('é', 'é')
c('[^é]', 'é', 'a')
c('\\é', 'é')
c('#a', '#a')
c(' a', ' a')
c('a b', 'a b')
c('a$b', 'a$b')
c('a^b', 'a^b')
c('(^a|b)', 'a', 'cb')
c('$', 'a', '')
c('$a', 'a')
c('^*', 'a')
c('()', 'a')
c('(a)|(b)', 'b')
c('((a)|(b))*', 'ab')
c('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', 'abcdefghijk')
c('[a-z]*'*20, 'abc')
c('(((((((((((((((((((((((((a)))))))))))))))))))))))))', 'a')
c('[\\d-z]', '-', 'z', '5', 'b')
c('<(.*?)>', '<a><b>')
c('(\\w+) (\\w+)', 'hello world')
c('a.*b', 'axxbxxb')
c('(ab|a)(c|bcd)', 'abcd')
c('[+-]?\\d+', '-12')
c('[^\\d]', '1a')
c('[^\\s]+', ' ab ')
c('[\\W]', 'a-')
c('[A-Za-z0-9_]+', 'foo_Bar9-')
c('[\\s\\S]+', 'a\nb')
c('a'+'?'*3, 'a')
c('(?:)', 'a')
c('(?:', 'a')
c('(?:a', 'a')
c('(?:a)?b', 'b')
c('a|b|c', 'c')
c('(a|b|)c', 'c')
c('[a-a]', 'a')
c('[\\-]', '-')
c('[a\\-z]', '-', 'b')
c('[a-\\]]', ']', '^')
c('(?:a|b)(c)', 'ac')
c(".", "\n", "a", "", "ab")
c("x" * 300, "x" * 300)

p = re.compile("a(b)?(c)")
print(type(p), type(p.match("abc")), p.match("abc"))
m = p.match("ac")
for n in (0, 1, 2, 3, -1, "a"):
    show(m.group, n)
for args in [("xac",), ("xac", 1), ("xac", 1, 2), (b"xac",), (1,), ("xxac", 2), ("xxac", 3), ("xxac", 0, 3), ("xxac", -2), ("xxac", 100),
             ("xxac", "a"), ("xxac", 3, 1)]:
    for method in (p.match, p.search):
        try:
            print(args, found(method(*args)))
        except TypeError:
            print(args, "TypeError")
show(re.compile("^a").search, "ba", 1)
show(re.compile("a$").search, "ab", 0, 1)
show(re.compile("").search, "xxac", 100)
show(re.match, "a", "a", 1)
show(re.search, "b", "abc", 0)
show(re.match)
show(re.match, 1, "a")
show(re.match, b"a", "a")
show(re.search, p, "xabc")
show(re.match, "a", bytearray(b"a"))
show(re.compile, 1)
show(re.compile)
show(lambda: type(re.compile(b"a", 0)))
for pattern, *args in [
    ("x", "axbxc"), ("x", "axbxc", 1), ("x", "axbxc", -1), ("x", "axbxc", 0), ("x*", "axbc"), ("", "abc"), ("x", ""), ("x", "xx"),
    ("(x)", "axb"), ("x", b"axb"), ("x", 1), ("[ ,]+", "a, b  c,d"), ("^a", "aaa"), ("x", "axbxc", "a"), ("a$", "aba"),
]:
    show(re.compile(pattern).split, *args)
for args in [
    ("a", "b", "banana"), ("a", "b", "banana", 2), ("(a)(n)", "\\2\\1", "banana"), ("(a)", "<\\g<1>\\g<0>>", "banana"),
    ("a", "\\0", "banana"), ("a", "\\1", "banana"), ("a", lambda m: m.group(0).upper(), "banana"), ("a", lambda m: 1, "banana"),
    ("a", 1, "banana"), ("x*", "-", "abc"), ("", "-", "abc"), ("a", b"b", "banana"), ("a", "b", b"banana"), ("a", b"b", b"banana"),
    ("a", "\\g<x>", "banana"), ("a", "\\g<1", "banana"), ("a", "\\n", "banana"), ("a", "\\\\", "banana"), ("a", "\\", "banana"),
    ("(a)|(b)", "[\\1\\2]", "abc"), ("a", "b", "banana", 0), ("a", "b", "banana", -1), ("a", "b", "banana", 1, 0), ("^a", "x", "aaa"),
    ("b*", "x", "abc"), ("a", "\\10", "banana"), ("(a)", "\\10", "banana"), ("(a)", "\\g<01>", "banana"), ("a$", "x", "aa"),
    ("a", "\xe9", "banana"), ("\xe9", "e", "caf\xe9"), ("a?", "-", "baac"), ("(a)", "\\g", "banana"), ("(a)", "\\g<>", "banana"),
    ("(a)", "\\g1", "banana"), ("(b)?a", "<\\1>", "baa"), ("a", lambda m: None, "banana"), ("a", lambda m: b"x", "banana"),
    ("a", lambda m: "x", b"banana"), (re.compile("n"), "m", "banana"), ("z", "y", "banana"), ("a", "", "banana"), ("a", "b"),
]:
    show(re.sub, *args)
show(re.compile("a").sub, "b", "banana", 2)
show(re.compile("a").sub, "b")
