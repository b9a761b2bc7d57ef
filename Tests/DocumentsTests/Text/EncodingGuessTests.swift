import Documents
import Foundation
import Glibc
import Testing

@Suite("Encodings that a text doesn't tell")
struct EncodingGuessTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String, as name: String) throws -> String {
        try DocumentReader(options: ReadingOptions())
            .read(.file(path: try folder.write(try converted(text, to: name), to: "a.txt"))).text
    }

    /// By the C library, as the product reads it; what is expected is the text itself.
    private func converted(_ text: String, to name: String) throws -> [UInt8] {
        let converter = iconv_open(name, "UTF-8")
        try #require(Int(bitPattern: converter) != -1, "iconv has no \(name)")
        defer { iconv_close(converter) }
        var input = Array(text.utf8).map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: input.count * 4 + 16)
        var left = input.count
        var room = output.count
        let code = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var (from, to) = (source.baseAddress, target.baseAddress)
                return iconv(converter, &from, &left, &to, &room)
            }
        }
        try #require(code != -1 && left == 0, "\(name) can't hold the text")
        return output.prefix(output.count - room).map { UInt8(bitPattern: $0) }
    }

    private static let russian = """
        Вечером смотритель маяка записал в журнал, что ветер усилился, а лодка так и не вернулась.
        На рассвете море успокоилось.
        """
    private static let greek =
        "Το βράδυ ο φαροφύλακας έγραψε στο ημερολόγιο ότι ο άνεμος δυνάμωσε και η βάρκα δεν γύρισε."
    private static let chinese = "傍晚，灯塔的看守人在日志里写道：风越来越大了，那条船还没有回来。天亮的时候，海面上又平静了。"
    private static let taiwanese = "傍晚，燈塔的看守人在日誌裡寫道：風越來越大了，那條船還沒有回來。天亮的時候，海面上又平靜了。"
    private static let japanese = "夕方、灯台の番人は日誌に、風が強くなり、船はまだ戻らないと書いた。夜明けには海は静かになっていた。"
    private static let korean = "저녁에 등대지기는 일지에 바람이 거세지고 배는 아직 돌아오지 않았다고 적었다. 새벽에 바다는 다시 잔잔해졌다."
    private static let hebrew = "בערב כתב שומר המגדלור ביומן שהרוח התחזקה והסירה עדיין לא חזרה. עם שחר נרגע הים."
    private static let arabic =
        "في المساء كتب حارس المنارة في السجل أن الريح اشتدت وأن القارب لم يعد بعد. وعند الفجر هدأ البحر."
    private static let thai = "ตอนเย็นคนเฝ้าประภาคารเขียนในสมุดว่าลมแรงขึ้นและเรือยังไม่กลับมา ตอนเช้าทะเลก็สงบอีกครั้ง"
    private static let polish =
        "Wieczorem latarnik zapisał w dzienniku, że wiatr się wzmógł, a łódź wciąż nie wróciła. Świt był już cichy."
    private static let czech =
        "Večer si strážce majáku zapsal do deníku, že vítr zesílil a loď se ještě nevrátila. Ráno už bylo moře tiché."
    private static let hungarian =
        "Este a világítótorony őre beírta a naplóba, hogy erősödött a szél, és a csónak még nem tért vissza a kikötőbe."
    private static let turkish =
        "Akşam fener bekçisi deftere rüzgârın güçlendiğini, kayığın ise hâlâ dönmediğini yazdı. Şafakta deniz yatıştı."
    private static let lithuanian =
        "Vakare švyturio sargas įrašė į žurnalą, kad vėjas sustiprėjo, o valtis dar negrįžo. Auštant jūra nurimo."

    @Test(
        "is that in which it is a text in its language",
        arguments: [
            (russian, "CP1251"), (russian, "KOI8-R"), (russian, "CP866"), (russian, "ISO-8859-5"), (greek, "CP1253"),
            (greek, "ISO-8859-7"), (hebrew, "CP1255"), (arabic, "CP1256"), (thai, "CP874"), (chinese, "GB18030"),
            (taiwanese, "BIG5"), (japanese, "SHIFT_JIS"), (japanese, "EUC-JP"), (japanese, "ISO-2022-JP"),
            (korean, "EUC-KR"), (polish, "CP1250"), (polish, "ISO-8859-2"), (czech, "CP1250"), (czech, "ISO-8859-2"),
            (hungarian, "CP1250"), (turkish, "CP1254"), (lithuanian, "CP1257"),
        ])
    func language(text: String, name: String) throws {
        #expect(try read(text, as: name) == text)
        // As far into a file as a log has it.
        let log = String(repeating: "2026-11-27 04:16:28 INFO the lamp is lit\n", count: 500) + text
        #expect(try read(log, as: name) == log)
    }

    @Test(
        "is Windows-1252 for the languages of western Europe",
        arguments: [
            "Le soir, le gardien du phare nota que la mer était forte et que « l’Étoile » n’était pas rentrée. À l’aube, ça allait.",
            "Am Abend schrieb der Wärter, daß der Sturm stärker würde. Über Nacht müßte größere Gefahr drohen, glaubte er.",
            "Al anochecer el farero anotó que soplaba más el viento. ¿Y la barca? Mañana, quizá, volvería a su señor – ojalá.",
            "La sera il guardiano annotò che il vento era più forte: la barca non c’è, perché è già partita. Verrà lunedì o martedì?",
            "À noite o faroleiro anotou que o vento não cessava; a embarcação não voltou. Pela manhã, tudo já estava são e salvo.",
            "På kvällen skrev fyrvaktaren att vinden ökade och båten ännu inte återvänt. I gryningen låg havet åter stilla där ute.",
            "Em dash — and “quotes” … and one café, with 5 € – no more.",
        ])
    func western(text: String) throws {
        #expect(try read(text, as: "CP1252") == text)
    }

    @Test("a page that names none is read so, too")
    func page() throws {
        let page = "<html><head><title>Маяк</title></head><body><p>\(Self.russian)</p></body></html>"
        let path = try folder.write(try converted(page, to: "CP1251"), to: "a.html")
        #expect(try DocumentReader(options: ReadingOptions()).read(.file(path: path)).text.contains("смотритель маяка"))
    }

    @Test("is left to the reader where no language fits")
    func refused() throws {
        // All characters of a code page, as a table of them has it.
        let table = (0xC0...0xFF).map { UInt8($0) } + Array("\n".utf8)
        #expect(throws: DocumentError.self) {
            try DocumentReader(options: ReadingOptions()).read(.file(path: try folder.write(table, to: "a.txt")))
        }
    }
}
