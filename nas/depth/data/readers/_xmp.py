"""What JPEGs say in XMP, and what is appended behind the picture: where phones of Android keep depth.

XMP is one packet of at most 64 KB; what does not fit stands in an extended one, cut over many segments. It is searched
for single properties by their usual prefixes and never parsed as XML, whose entities a file could abuse.

Source: XMP specification part 3, section 1.1.3; Dynamic Depth 1.0, "Container Element".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

XMP, EXTENDED = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
APP1, START_OF_SCAN = 0xE1, 0xDA
EXTENDED_HEADER = 32 + 4 + 4
"""Bytes before a piece of extended XMP: digest, length of all, offset of this piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of the files that are appended to a JPEG, in their order."""

    mime: str
    uri: str
    length: int
    padding: int


def xmp_of(content: bytes) -> str:
    """All XMP of a JPEG, the extended part behind the first; "" if there is none."""
    packet, pieces = b"", dict[int, bytes]()
    for segment in _app1(content):
        if segment.startswith(XMP):
            packet += segment[len(XMP) :]
        elif segment.startswith(EXTENDED):
            head = segment[len(EXTENDED) : len(EXTENDED) + EXTENDED_HEADER]
            pieces[int.from_bytes(head[36:40], "big")] = segment[len(EXTENDED) + EXTENDED_HEADER :]
    whole = packet + b"".join(pieces[offset] for offset in sorted(pieces))
    return whole.decode("utf-8", errors="replace")


def property_of(xmp: str, name: str) -> str | None:
    """The value of a property such as "GDepth:Near", written as attribute or as element; None if there is none."""
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", xmp) or re.search(
        rf"<{name}>([^<]*)</{name}>", xmp
    )
    return next((group for group in found.groups() if group is not None), None) if found else None


def appended(xmp: str) -> tuple[Item, ...]:
    """The files of the container's directory; the first is the picture itself."""
    return tuple(
        Item(
            mime=property_of(text, "Item:Mime") or "",
            uri=property_of(text, "Item:DataURI") or property_of(text, "Item:Semantic") or "",
            length=int(property_of(text, "Item:Length") or 0),
            padding=int(property_of(text, "Item:Padding") or 0),
        )
        for text in re.findall(r"<Container:Item\b.*?(?:/>|</Container:Item>)", xmp, re.DOTALL)
    )


def bytes_of(content: bytes, items: tuple[Item, ...], uri: str) -> bytes | None:
    """The file of this name among those appended; None if there is none. They are counted from the end."""
    end = len(content)
    for item in reversed(items[1:]):
        end -= item.padding
        start = end - item.length
        if item.uri == uri and 0 <= start < end:
            return content[start:end]
        end = start
    return None


def _app1(content: bytes) -> Iterator[bytes]:
    """The bodies of a JPEG's APP1 segments up to its pixels."""
    at = 2
    while content[:2] == b"\xff\xd8" and at + 4 <= len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if kind == START_OF_SCAN:
            return
        if kind == APP1:
            yield content[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)
