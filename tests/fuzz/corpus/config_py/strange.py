import os
PORT = os.environ.get("PORT", "/dev/ttyUSB0")
commands = {"p": "connect " + PORT, **{}, 3: 4, "f": lambda a, b: a, "g": [x for x in y], 'h': f"{PORT}",
 "i": b"x", "j": r'\n' "\u20ac\N{DASH}", "k": ("a", ("b",), {"c": None})}
commands["l"] = '''text
over lines'''; auto_soft_reset = 1
if PORT:
    commands = {}
