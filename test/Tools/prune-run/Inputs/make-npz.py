# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes .npz files without numpy: make-npz.py FILE NAME DESCR SHAPE NUMBERS ...

DESCR is as in a .npy header; a leading `F` asks for Fortran order, a trailing `!`
cuts the last byte off, and `raw` writes no header at all.
"""
import struct
import sys
import zipfile

CODES = {"f4": "f", "f8": "d", "i4": "i", "i8": "q", "b1": "?", "c8": "ff", "i1": "b", "u1": "B"}


def npy(descr, shape, numbers):
    if descr == "raw":
        return b"no header here"
    order, cut = descr.startswith("F"), descr.endswith("!")
    descr = descr.strip("F!")
    code = CODES[descr[1:]]
    data = b"".join(struct.pack(descr[0].replace("|", "<") + code[0], type_(code, n)) for n in numbers)
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}\n".encode()
    out = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
    return out[:-1] if cut else out


def type_(code, number):
    return int(number) if code[0] in "iq?bB" else float(number)


path, *rest = sys.argv[1:]
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    while rest:
        name, descr, shape, numbers, *rest = rest
        archive.writestr(name + ".npy", npy(descr, shape, numbers.split(",")))
