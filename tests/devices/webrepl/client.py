"""A WebREPL client on Python's `websockets`: logs in, types, puts a file and gets it back.

Usage: client.py ws://HOST:PORT PASSWORD. Prints `done` when all was as it should be.
"""

import os
import struct
import sys

from websockets.sync.client import connect


def main(address, password):
    # A stock board answers no ping.
    with connect(address, compression=None, ping_interval=None, close_timeout=5) as ws:
        assert ws.recv(timeout=30) == "Password: "
        ws.send(password + "\r")
        assert ws.recv(timeout=30) == "\r\nWebREPL connected\r\n>>> "
        ws.send("print(6 * 7)\r")
        text = ""
        while not text.endswith(">>> "):
            text += ws.recv(timeout=30)
        assert text == "print(6 * 7)\r\n42\r\n>>> ", text

        content = os.urandom(5000)

        def request(operation, name, size=0):
            ws.send(struct.pack("<2sBBQLH64s", b"WA", operation, 0, 0, size, len(name), name))

        def status():
            sign, number = struct.unpack("<2sH", ws.recv(timeout=30))
            assert sign == b"WB"
            return number

        request(1, b"from_python.bin", len(content))
        assert status() == 0
        for at in range(0, len(content), 1024):
            ws.send(content[at : at + 1024])
        assert status() == 0

        request(2, b"from_python.bin")
        assert status() == 0
        got = b""
        while True:
            ws.send(b"\0")
            block = ws.recv(timeout=30)
            (size,) = struct.unpack("<H", block[:2])
            assert size == len(block) - 2
            if not size:
                break
            got += block[2:]
        assert status() == 0
        assert got == content
    print("done")


main(*sys.argv[1:])
