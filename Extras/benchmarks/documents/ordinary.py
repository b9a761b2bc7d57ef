"""Documents as people have them, and large: what reading takes where nothing is wrong."""

import base64
import functools
import json
import quopri
import random

from archives import docx, epub, odt
from hostile import pdf_pages

WORDS = (
    "the of and to in a is that it was for on are with as his they at be this from have or by one had not but what all "
    "were when we there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has more her two like him see time could no make than first been its who now people my made over "
    "did down only way find use may water long little very after words called just where most know get through back "
    "much before go good new write our used me man too any day same right look think also around another came come work "
    "three word must because does part even place well such here take why things help put years different away again "
    "off went old number great tell men say small every found still between name should home big give air line set own "
    "under read last never us left end along while might next sound below saw something thought both few those always"
).split()


def paragraphs(count, seed=1):
    """So many paragraphs of about 90 words."""
    chance = random.Random(seed)
    result = []
    for _ in range(count):
        sentences = []
        for _ in range(chance.randint(4, 8)):
            words = chance.choices(WORDS, k=chance.randint(8, 22))
            sentences.append(" ".join(words).capitalize() + ".")
        result.append(" ".join(sentences))
    return result


@functools.cache
def book_text():
    """Made where a file is made, so that who measures stays small."""
    return paragraphs(20_000)


def wrapped(text, width=90):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    return lines + [line]


def page():
    navigation = "<nav><ul>" + "<li><a href='/x'>Elsewhere</a></li>" * 200 + "</ul></nav>"
    body = "".join(f"<h2>Part {n}</h2>" * (n % 20 == 0) + f"<p>{p}</p>\n" for n, p in enumerate(book_text()))
    return f"<!DOCTYPE html><html><head><title>T</title></head><body>{navigation}<main>{body}</main></body></html>".encode()


def word():
    return docx("".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in book_text()))


def open_document():
    return odt("".join(f"<text:p>{p}</text:p>" for p in book_text()))


def book():
    return epub(["".join(f"<p>{p}</p>" for p in book_text()[start : start + 200]) for start in range(0, 20_000, 200)])


def rich_text():
    return ("{\\rtf1\\ansi\\ansicpg1252 " + "".join(f"\\pard {p}\\par\n" for p in book_text()) + "}").encode()


def pages(count):
    lines = [line.encode() for paragraph in book_text() for line in wrapped(paragraph)]
    return pdf_pages([lines[start : start + 45] for start in range(0, count * 45, 45)])


def mail(number, text, attachment=b""):
    body = quopri.encodestring(text.encode())
    head = (
        f"From: a@example.org\nTo: b@example.org\nSubject: Mail {number}\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n"
        f"Message-ID: <{number}@example.org>\nMIME-Version: 1.0\n"
    ).encode()
    head += b'Content-Type: multipart/mixed; boundary="=b"\n\n--=b\nContent-Type: text/plain; charset=utf-8\n'
    head += b"Content-Transfer-Encoding: quoted-printable\n\n" + body + b"\n--=b\n"
    if not attachment:
        return head[:-1] + b"--\n"
    head += b'Content-Type: application/octet-stream; name="a.bin"\nContent-Disposition: attachment; filename="a.bin"\n'
    return head + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(attachment) + b"--=b--\n"


def mailbox(count):
    separator = b"From a@example.org Thu Jan  1 00:00:00 2026\n"
    return b"".join(separator + mail(number, book_text()[number % 20_000]) + b"\n" for number in range(count))


def table(count):
    return ("id,body\n" + "".join(f'{n},"{book_text()[n % 20_000]}"\n' for n in range(count))).encode()


def lines(count):
    return "".join(json.dumps({"id": n, "body": book_text()[n % 20_000]}) + "\n" for n in range(count)).encode()


BODY = ["--column", "body"]

FILES = [
    ("text.txt", "a text", lambda: "\n\n".join(book_text() * 5).encode(), []),
    ("utf-16.txt", "the same in UTF-16 without a mark", lambda: "\n\n".join(book_text() * 2).encode("utf-16-le"), []),
    ("utf-32.txt", "the same in UTF-32 with a mark", lambda: "\n\n".join(book_text()).encode("utf-32"), []),
    ("windows.txt", "in Windows-1252", lambda: "\n\n".join(book_text() * 5).replace("the ", "thé ").encode("cp1252"), []),
    ("japanese.txt", "in Shift-JIS, named", lambda: ("吾輩は猫である。名前はまだ無い。\n" * 400_000).encode("shift-jis"),
     ["--encoding", "shift-jis"]),
    ("page.html", "a page", page, []),
    ("word.docx", "a Word document", word, []),
    ("open.odt", "an OpenDocument text", open_document, []),
    ("book.epub", "a book of 100 chapters", book, []),
    ("rich.rtf", "an RTF document", rich_text, []),
    ("pages.pdf", "a PDF of 900 pages", lambda: pages(900), []),
    ("attachment.eml", "a mail with an attachment", lambda: mail(1, book_text()[0], random.Random(1).randbytes(30 << 20)), []),
    ("mails.mbox", "20,000 mails", lambda: mailbox(20_000), []),
    ("table.csv", "100,000 rows", lambda: table(100_000), BODY),
    ("lines.jsonl", "100,000 lines", lambda: lines(100_000), BODY),
]
