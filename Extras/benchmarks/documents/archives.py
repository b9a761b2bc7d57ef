"""Zip files by hand, so that they may say of themselves what isn't so."""

import io
import struct
import zipfile
import zlib


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    """A zip file of texts or bytes by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, contents in entries.items():
            archive.writestr(name, contents)
    return buffer.getvalue()


def docx(body, method=zipfile.ZIP_DEFLATED):
    """A Word document with this XML in its body."""
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document_xml(body)}, method)


def document_xml(body):
    return (
        '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/'
        f'wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    )


def odt(body):
    """An OpenDocument text with this XML in its body."""
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b">'
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def epub(chapters):
    """A book with these pages of XHTML."""
    names = [f"c{number}.xhtml" for number in range(len(chapters))]
    items = "".join(f'<item id="{n}" href="{n}" media-type="application/xhtml+xml"/>' for n in names)
    order = "".join(f'<itemref idref="{name}"/>' for name in names)
    container = '<container><rootfiles><rootfile full-path="O/book.opf"/></rootfiles></container>'
    package = (
        '<package xmlns:dc="d"><metadata><dc:title>A book</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    pages = {f"O/{name}": f"<html><body>{text}</body></html>" for name, text in zip(names, chapters)}
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "O/book.opf": package, **pages}
    )


def local_header(name, packed, size, checksum):
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, checksum, packed, size, len(name), 0) + name


def directory_entry(name, packed, size, checksum, offset):
    sizes = (checksum, packed, size, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 0, *sizes) + name


def end_record(count, length, offset):
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), length, offset, 0)


def overlapping(count):
    """David Fifield's kind of bomb: many entries, each the same packed zeros, in a file of a few hundred kilobytes."""
    zeros = bytes(16 << 20)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = compressor.compress(zeros) + compressor.flush()
    checksum = zlib.crc32(zeros)
    name = b"word/document.xml"
    file = local_header(name, len(packed), len(zeros), checksum) + packed
    names = [name] + [b"word/part%d.xml" % number for number in range(1, count)]
    directory = b"".join(directory_entry(n, len(packed), len(zeros), checksum, 0) for n in names)
    return file + directory + end_record(len(names), len(directory), len(file))


def many_entries(count):
    """A Word document beside a number of empty entries."""
    body = document_xml("<w:p><w:r><w:t>x</w:t></w:r></w:p>")
    entries = {"[Content_Types].xml": "<Types/>", "word/document.xml": body}
    entries.update({f"e{number}": "" for number in range(count)})
    return zipped(entries, zipfile.ZIP_STORED)
