import Documents
import Foundation
import JSONText
import Testing

@Suite("Mails")
struct MailReaderTests {
    private let folder: TemporaryFolder
    private let reader = DocumentReader()

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, as name: String = "a.eml") throws -> Document {
        try reader.read(.file(path: try folder.write(text, to: name)))
    }

    private static let header = """
        Return-Path: <ada@example.org>
        From: =?utf-8?q?Ad=C3=A4_?= =?utf-8?b?V2ludGVy?= <ada@example.org>
        To: Bob <bob@example.org>,
         Cy <cy@example.org>
        Subject: =?UTF-8?B?VGhlIGxhbXAg4oCTIGFnYWlu?=
        Date: Mon, 2 Mar 2026 10:00:00 +0100
        Message-ID: <1@example.org>
        MIME-Version: 1.0

        """

    @Test("a mail has its headers, its plain text and the names of what is attached")
    func multipart() throws {
        let mail =
            Self.header + """
                Content-Type: multipart/mixed; boundary="X;X"

                To be passed over.
                --X;X
                Content-Type: multipart/alternative; boundary=YY

                --YY
                Content-Type: text/html; charset=utf-8

                <p>As a page</p>
                --YY
                Content-Type: text/plain; charset=iso-8859-15
                Content-Transfer-Encoding: quoted-printable

                The lamp went out at nine. Caf=E9 costs 5 =A4; =
                see you.
                --YY--
                --X;X
                Content-Type: application/pdf; name="plan.pdf"
                Content-Transfer-Encoding: base64
                Content-Disposition: attachment; filename*0*=utf-8''pl%C3%A4; filename*1*=ne.pdf

                JVBERi0=
                --X;X
                Content-Type: text/plain
                Content-Disposition: attachment; filename="notes.txt"

                Not read.
                --X;X--
                """
        let document = try read(mail)
        #expect(
            document.text == """
                Subject: The lamp – again
                From: Adä Winter <ada@example.org>
                To: Bob <bob@example.org>, Cy <cy@example.org>
                Date: Mon, 2 Mar 2026 10:00:00 +0100

                The lamp went out at nine. Café costs 5 €; see you.

                Attachments: pläne.pdf (application/pdf), notes.txt (text/plain)
                """)
        #expect(document.title == "The lamp – again" && document.mediaType == "message/rfc822")
        #expect(document.metadata["from"] == "Adä Winter <ada@example.org>")
        #expect(document.metadata["attachments"] == ["pläne.pdf (application/pdf)", "notes.txt (text/plain)"])
        #expect(try read(mail, as: "mail.txt").mediaType == "message/rfc822", "told by its header")
    }

    @Test("a mail that is a page only is read as one; one without a type is plain text")
    func forms() throws {
        let page = try read(
            Self.header
                + "Content-Type: text/html; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\nPGgxPkhpPC9oMT48cD5DYWbD\nqTwvcD4=\n"
        )
        #expect(page.text.hasSuffix("\n\n# Hi\n\nCafé"))
        #expect(try read("From: a\nSubject: s\n\nBody\n").text == "Subject: s\nFrom: a\n\nBody")
        #expect(try read("From: a\r\nSubject: s\r\n\r\nBody\r\nmore\r\n").text == "Subject: s\nFrom: a\n\nBody\nmore")
    }

    @Test("a mail within a mail is part of its text; one whose end is missing is read as far as it goes")
    func nested() throws {
        let text = try read(
            Self.header + """
                Content-Type: multipart/mixed; boundary=B

                --B

                See below.
                --B
                Content-Type: message/rfc822

                From: cy
                Subject: inner

                Inner text
                """
        ).text
        #expect(text.hasSuffix("See below.\n\n---------- Message ----------\nSubject: inner\nFrom: cy\n\nInner text"))
    }

    private func all(_ name: String) -> [String] {
        reader.documents(of: .file(path: folder[name])).map { document in
            switch document {
            case .success(let document): "\(folder.relative(document.source)): \(document.title): \(document.text)"
            case .failure(let error): folder.relative(error.description)
            }
        }
    }

    @Test("each mail of a mailbox is a document; one that is wrong doesn't keep the others from coming")
    func mailbox() throws {
        try folder.write(
            """
            From ada@example.org Mon Mar  2 10:00:00 2026
            From: ada
            Subject: One

            From here it burns.
            >From there too.

            From bob Mon Mar  2 11:00:00 2026
            no header

            From bob@example.org  Mon Mar 2 12:00:00 2026 +0100
            Subject: Three

            Bye
            """, to: "box.mbox")
        #expect(
            all("box.mbox") == [
                "box.mbox#1: One: Subject: One\nFrom: ada\n\nFrom here it burns.\nFrom there too.",
                "box.mbox#2: a damaged mail: it has no header", "box.mbox#3: Three: Subject: Three\n\nBye",
            ])
        #expect(
            folder.relative(message { _ = try reader.read(.file(path: folder["box.mbox"])) })
                == "box.mbox: there are several documents in it; 'nightshift add' makes a job of each")
    }

    @Test("a mailbox of thousands is read mail by mail")
    func manyMails() throws {
        let mail = "From a@b Mon Mar  2 10:00:00 2026\nSubject: s\n\n" + String(repeating: "text ", count: 100) + "\n\n"
        try folder.write(String(repeating: mail, count: 4000), to: "many.mbox")
        #expect(reader.documents(of: .file(path: folder["many.mbox"])).count { (try? $0.get()) != nil } == 4000)
    }
}
