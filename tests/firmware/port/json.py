# Where this port differs from stock MicroPython, and what takes too much there.
import gc, json, ujson

assert json is ujson
# A surrogate pair is one character.
assert json.loads('"\\ud83d\\ude00!"') == "\U0001f600!"
assert json.loads('"\\uD83D\\uDE00\\ud83d\\ude00"') == "\U0001f600" * 2
# Every error has the same message; brackets must match, and a key needs a value.
for text in ["-", "1-2", "1.2.3", '{"a":}', '{"a"}', '{"a":1:2}', "[}", "{]", '{"a":[}]', "1e", "1e+", "[-]", "--1", "1+1", "1\x00",
             "[[1]", '{"a":{}', "[" * 200, '{"a":' * 200]:
    try:
        json.loads(text)
        assert False, text
    except ValueError as e:
        assert e.args == ("syntax error in JSON",), text
# Depth costs memory, not stack.
depth = 300
nested = json.loads("[" * depth + "]" * depth)
n = 0
while nested:
    nested = nested[0]
    n += 1
assert n == depth - 1
value = {str(i): [i, i / 8, str(i) * 3, None, True, {"deep": [[i]]}] for i in range(40)}
assert json.loads(json.dumps(value)) == value
assert json.loads(json.dumps(value, separators=(",", ":")).encode()) == value
