"""Files that are made to take up time or memory without end, or aren't what they say.

Where a reader's work could grow with the square of a file's length, the file is long enough for that never to end.
"""

import base64
import os
import zipfile
import zlib

from archives import docx, document_xml, epub, many_entries, odt, overlapping, zipped

MIB = 1 << 20


def filled(piece, size, before=b"", after=b""):
    """As many times a piece as make up a size in bytes."""
    return before + piece * ((size - len(before) - len(after)) // len(piece)) + after


PAGE = b"<!DOCTYPE html><html><body><p>The text.</p>"


def page(piece, size=28 * MIB, before=b""):
    return lambda: filled(piece, size, PAGE + before)


def deep_tables():
    return b"<!DOCTYPE html>" + b"<table><tr><td>" * 80 + b"<p>x</p>" * 450_000


def empty_links():
    return b"<!DOCTYPE html>" + b"<a><i>" * 120 + b"<br>" * 900_000 + b"x"


def footers():
    return b"<!DOCTYPE html><p>x</p>" + b"<b>" * 240 + b"<footer>f</footer>" * 400_000


def blocked_paragraphs():
    """A paragraph that no block may end, since a cell lies between, again and again."""
    return b"<!DOCTYPE html><p><table><tr><td>" + b"<b>" * 240 + b"<hr>" * 900_000 + b"x"


HEADER = b"From: a@example.org\nSubject: s\nMIME-Version: 1.0\nMessage-ID: <1>\n"


def nested_multiparts(depth):
    parts = [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)]
    return HEADER + b"".join(parts) + b"\nx\n"


def nested_multiparts_of_lines():
    """As deep as is read, around a long body, which each boundary is looked for in."""
    parts = [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(19)]
    return filled(b"-\n", 48 * MIB, HEADER + b"".join(parts) + b"\n")


def alternatives():
    """Nineteen choices within each other, each with a hundred empty texts before the one that holds the next."""
    mail = HEADER
    for depth in range(19):
        mail += b"Content-Type: multipart/alternative; boundary=b%d\n\n" % depth
        mail += b"--b%d\n\n\n" % depth * 50 + b"--b%d\n" % depth
    return mail + b"\nx\n"


def nested_messages():
    """Mails within mails, each of which might be copied."""
    return filled(b"line\n", 60 * MIB, HEADER + b"Content-Type: message/rfc822\n\n" * 19 + b"Subject: s\n\n")


def nested_base64():
    body = b"Subject: s\n\nx\n"
    for _ in range(18):
        packed = base64.encodebytes(body + b" " * 2000)
        body = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + packed
    return HEADER + body


def mail_of_pages():
    page = b"--b\nContent-Type: text/html\n\n" + b"<i>x" * 15_000 + b"\n"
    return HEADER + b"Content-Type: multipart/mixed; boundary=b\n\n" + page * 900


def mailbox(count):
    return b"From a@example.org Thu Jan  1 00:00:00 2026\n" * count


def laughs():
    entities = "".join(f'<!ENTITY l{n} "{"&l%d;" % (n - 1) * 10}">' for n in range(1, 10))
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<!DOCTYPE l [<!ENTITY l0 "lol">{entities}]>' + document_xml("<w:p>&l9;</w:p>"),
        }
    )


def bomb():
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": bytes(1 << 30)})


def nested_bomb():
    inner = zipped({"word/document.xml": bytes(256 * MIB)})
    for _ in range(8):
        inner = zipped({f"{n}.zip": inner for n in range(8)})
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": inner})


def docx_tables():
    depth = 160
    paragraphs = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 700_000
    # Packed, it would be refused for its ratio alone.
    return docx("<w:tbl><w:tr><w:tc>" * depth + paragraphs + "</w:tc></w:tr></w:tbl>" * depth, zipfile.ZIP_STORED)


def pdf(objects, trailer=b""):
    out, places = b"%PDF-1.4\n", []
    for number, contents in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, contents)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(places) + 1, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def pdf_pages(pages, font=b"/Helvetica"):
    """A PDF of pages, each a list of lines of bytes."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont %s >>" % font,
    ]
    for number, lines in enumerate(pages):
        shown = b"\n".join(b"(%s) '" % line for line in lines)
        packed = zlib.compress(b"BT /F1 10 Tf 12 TL 50 800 Td\n" + shown + b"\nET")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
    return pdf(objects)


def pdf_bomb():
    packed = zlib.compress(zlib.compress(bytes(1 << 30), 9), 9)
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(packed), packed),
        ]
    )


def encrypted_pdf():
    trailer = (
        b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>] /Encrypt << /Filter /Standard "
        b"/V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"1f" * 32, b"2e" * 32)
    )
    return pdf_pages([[b"secret"]]).replace(b"/Root 1 0 R ", b"/Root 1 0 R " + trailer)


def deep_json(depth):
    return b'{"body": ' + b"[" * depth + b"]" * depth + b"}\n"


def sparse(size):
    """A file that takes no room on the disk."""

    def make(path):
        with open(path, "wb") as file:
            file.truncate(size)

    return make


def folder_of_traps(path):
    """Links in circles, pipes, names that a terminal would obey; and one text."""
    os.makedirs(os.path.join(path, "a", "b"))
    os.symlink("..", os.path.join(path, "a", "b", "up"))
    os.symlink("self", os.path.join(path, "self"))
    os.mkfifo(os.path.join(path, "pipe.txt"))
    for name in (b"new\nline.txt", b"\xff\xfe.txt", b"\x1b[31mred.txt"):
        with open(os.path.join(os.fsencode(path), name), "wb") as file:
            file.write(b"The text of " + name.hex().encode() + b"\n")


def folder_of_many(path):
    os.makedirs(path)
    for number in range(20_000):
        with open(os.path.join(path, f"{number}.txt"), "w", encoding="utf-8") as file:
            file.write(f"Text {number}\n")


BODY = ["--column", "body"]

# Name, what it is, how it is made (bytes, or what takes a path), arguments of `nightshift text`.
FILES = [
    ("script.html", "28 MiB of `<script>`", page(b"<script>"), []),
    ("script-ends.html", "28 MiB of `</scrip` within a script", page(b"</scrip", before=b"<script>"), []),
    ("comment.html", "28 MiB of one comment without an end", page(b"<!-- - -- ->"), []),
    ("comments.html", "28 MiB of `<!-->`", page(b"<!-->"), []),
    ("tags.html", "28 MiB of `<a ` without an end", page(b"<a "), []),
    ("quotes.html", "28 MiB of `<a b='` without an end", page(b"<a b='c' d=\""), []),
    ("less.html", "28 MiB of `<`", page(b"<"), []),
    ("entities.html", "28 MiB of `&am`", page(b"&am"), []),
    ("umlauts.html", "28 MiB of `ä`", page("ä ".encode()), []),
    ("attributes.html", "a tag with 28 MiB of attributes", page(b"a=b ", before=b"<div "), []),
    ("classes.html", "800,000 elements with a class", page(b"<b class='a-b c'>x</b>", 24 * MIB), []),
    ("declarations.html", "28 MiB of `<?`", lambda: filled(b"<?xml?><!-- -->", 28 * MIB), []),
    ("tables.html", "450,000 paragraphs in 80 tables in each other", deep_tables, []),
    ("links.html", "900,000 empty elements in 120 links in each other", empty_links, []),
    ("footers.html", "400,000 footers, deep down", footers, []),
    ("paragraphs.html", "900,000 rules in a cell in a paragraph, deep down", blocked_paragraphs, []),
    ("multiparts.eml", "parts nested 1,000,000 deep", lambda: nested_multiparts(1_000_000), []),
    ("boundaries.eml", "48 MiB in 19 parts in each other", nested_multiparts_of_lines, []),
    ("alternatives.eml", "19 choices in each other", alternatives, []),
    ("messages.eml", "60 MiB in 19 mails in each other", nested_messages, []),
    ("base64.eml", "18 mails in each other, each in base64", nested_base64, []),
    ("folded.eml", "60 MiB of one header field, folded", lambda: filled(b" x\n", 60 * MIB, HEADER, b"\nx\n"), []),
    ("fields.eml", "60 MiB of header fields", lambda: filled(b"a: b\n", 60 * MIB, HEADER, b"\nx\n"), []),
    ("parameters.eml", "60 MiB of parameters of one field",
     lambda: filled(b" a*0=b;\n", 60 * MIB, HEADER + b"Content-Type: text/plain;\n", b"\nx\n"), []),
    ("words.eml", "60 MiB of `=?` in a header field", lambda: filled(b"=?", 60 * MIB, HEADER + b"To: ", b"\n\nx\n"), []),
    ("line.eml", "a subject of 60 MiB in one line", lambda: filled(b"x", 60 * MIB, HEADER + b"X: ", b"\n\nx\n"), []),
    ("pages.eml", "900 pages of 15,000 elements each", mail_of_pages, []),
    ("froms.mbox", "a million lines `From `", lambda: mailbox(1_000_000), []),
    ("line.mbox", "a mail of 60 MiB in one line", lambda: mailbox(1) + HEADER + b"\n" + b"x" * (60 * MIB), []),
    ("entries.docx", "60,000 entries", lambda: many_entries(60_000), []),
    ("entries-250000.docx", "250,000 entries", lambda: many_entries(250_000), []),
    ("bomb.docx", "a part of 1 GiB of zeros", bomb, []),
    ("nested.docx", "zip files in each other, 8 deep", nested_bomb, []),
    ("overlapping.docx", "10,000 entries on the same 16 MiB", lambda: overlapping(10_000), []),
    ("laughs.docx", "a billion laughs", laughs, []),
    ("deep.docx", "elements nested 1,000,000 deep", lambda: docx("<a>" * 1_000_000, zipfile.ZIP_STORED), []),
    ("tables.docx", "700,000 paragraphs in 160 tables in each other", docx_tables, []),
    ("notes.odt", "a note of 12 MiB", lambda: odt("<text:p><text:note><text:note-body>" + os.urandom(6 * MIB).hex()
                                                  + "</text:note-body></text:note></text:p>"), []),
    ("chapters.epub", "9,000 chapters", lambda: epub(["<p>x</p>"] * 9_000), []),
    ("groups.rtf", "groups nested 20,000,000 deep", lambda: b"{\\rtf1 " + b"{" * 20_000_000, []),
    ("words.rtf", "60 MiB of control words", lambda: filled(b"\\b\\i", 60 * MIB, b"{\\rtf1 x", b"}"), []),
    ("flat.rtf", "20,000,000 groups after each other", lambda: filled(b"{}", 40 * MIB, b"{\\rtf1 x", b"}"), []),
    ("bin.rtf", "`\\bin` of 2,147,483,647 bytes", lambda: b"{\\rtf1 x{\\bin2147483647 y}}", []),
    ("hex.rtf", "15 MiB of `\\'e4`", lambda: filled(b"\\'e4", 60 * MIB, b"{\\rtf1 ", b"}"), []),
    ("unicode.rtf", "8,000,000 `\\u228?`", lambda: filled(b"\\u228?", 60 * MIB, b"{\\rtf1 ", b"}"), []),
    ("bomb.pdf", "a page of 1 GiB of zeros, packed twice", pdf_bomb, []),
    ("encrypted.pdf", "a password", encrypted_pdf, []),
    ("truncated.pdf", "cut off in its middle", lambda: pdf_pages([[b"The lamp"] * 50] * 90)[:20_000], []),
    ("line.pdf", "a page with one line of 8 MiB", lambda: pdf_pages([[b"1" * (8 * MIB)]]), []),
    ("lines.pdf", "a page with 1,000,000 lines", lambda: pdf_pages([[b"x 1"] * 1_000_000]), []),
    ("sparse.txt", "2 GiB of nothing", sparse(2 << 30), []),
    ("sparse.csv", "200 MiB of nothing", sparse(200 * MIB), BODY),
    ("program.txt", "a program", lambda: open("/bin/bash", "rb").read(), []),
    ("random.pdf", "16 MiB of chance", lambda: os.urandom(16 * MIB), []),
    ("random.html", "16 MiB of chance", lambda: os.urandom(16 * MIB), []),
    ("random.eml", "16 MiB of chance", lambda: os.urandom(16 * MIB), []),
    ("spaces.txt", "60 MiB of spaces, then a word", lambda: b" " * (60 * MIB) + b"x", []),
    ("returns.txt", "60 MiB of line ends, then a word", lambda: b"\r\n" * (30 * MIB) + b"x", []),
    ("marks.txt", "60 MiB of one letter with accents", lambda: b"a" + b"\xcc\x81" * (30 * MIB), []),
    ("headings.md", "30,000,000 signs of one heading", lambda: b"#" * 30_000_000 + b" x", []),
    ("field.csv", "a field of 100 MiB", lambda: b'body\n"' + b"x" * (100 * MIB) + b'"\n', BODY),
    ("quote.csv", "100 MiB after a quotation mark without an end",
     lambda: filled(b"x\n", 100 * MIB, b'body\n"'), BODY),
    ("cells.csv", "10,000,000 cells in a row", lambda: b"body" + b",x" * 10_000_000 + b"\n", BODY),
    ("nuls.jsonl", "60 MiB of zero bytes", lambda: bytes(60 * MIB), BODY),
    ("nul-lines.jsonl", "100,000 lines with a zero byte", lambda: b'{"body": "a\0b"}\n' * 100_000, BODY),
    ("deep.jsonl", "arrays nested 1,000,000 deep", lambda: deep_json(1_000_000), BODY),
    ("names.jsonl", "an object of 1,000,000 members",
     lambda: b'{"body": "x"' + b"".join(b', "a%d": 1' % n for n in range(1_000_000)) + b"}\n", BODY),
    ("same-names.jsonl", "an object of 5,000,000 equal names",
     lambda: b'{"body": "x"' + b', "a": 1' * 5_000_000 + b"}\n", BODY),
    ("traps", "links in circles, a pipe, names that a terminal would obey", folder_of_traps, []),
    ("many", "a folder of 20,000 files", folder_of_many, []),
]
