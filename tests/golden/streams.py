#!/usr/bin/env python3
"""The first numbers of a random stream, computed apart from Stillroom.

BLAKE3 (from the package `blake3`) makes the key from the stream's name; ChaCha with 8 rounds, written
out here from its specification (RFC 8439, with a 64-bit counter), makes the numbers. Writes random.json;
a script called random.py would hide Python's own module from every other script of this folder.

    pip install blake3 && python tests/golden/streams.py
"""
import json, os, struct
import blake3

CONTEXT = "stillroom random stream, version 1"


def rotate(value, by):
    return ((value << by) | (value >> (32 - by))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for add, to, by in ((a, d, 16), (c, b, 12), (a, d, 8), (c, b, 7)):
        other = b if to == d else d
        s[add] = (s[add] + s[other]) & 0xFFFFFFFF
        s[to] = rotate(s[to] ^ s[add], by)


def block(key, counter):
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key),
             counter & 0xFFFFFFFF, counter >> 32, 0, 0]
    s = list(start)
    for _ in range(4):
        for column in range(4):
            quarter(s, column, 4 + column, 8 + column, 12 + column)
        for row in range(4):
            quarter(s, row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4)
    return [(a + b) & 0xFFFFFFFF for a, b in zip(s, start)]


def stream(seed, purpose, indices, count):
    name = struct.pack("<Q", seed) + struct.pack("<Q", len(purpose)) + purpose.encode()
    name += b"".join(struct.pack("<Q", index) for index in indices)
    key = blake3.blake3(name, derive_key_context=CONTEXT).digest()
    words = [word for counter in range(-(-2 * count // 16)) for word in block(key, counter)]
    return [words[2 * i] | words[2 * i + 1] << 32 for i in range(count)]


names = [(42, "golden", [1]), (0, "order", []), (2**64 - 1, "weights of cnn", [3, 70000])]
streams = [{"seed": str(s), "purpose": p, "indices": i, "bits": [str(b) for b in stream(s, p, i, 20)]}
           for s, p, i in names]
out = {"oracle": f"blake3 {blake3.__version__}, ChaCha8 in Python", "streams": streams}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "random.json"), "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
