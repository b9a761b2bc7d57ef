/// A language by the characters beyond ASCII that it uses most, and the 8-bit and multi-byte sets in which it was written before
/// Unicode.
struct WrittenLanguage {
    enum Script {
        /// ASCII's, with letters of its own.
        case latin
        /// Another of some dozens of letters, in words of their own.
        case alphabet
        /// One of thousands of characters.
        case ideographs
    }

    let script: Script
    let characters: Set<Unicode.Scalar>
    /// The least share of a text's characters (letters, where they are Latin) beyond ASCII that these make up.
    let least: Double

    private init(_ script: Script, _ characters: String, least: Double) {
        self.script = script
        self.characters = Set(characters.unicodeScalars)
        self.least = least
    }

    private static func latin(_ letters: String, least: Double = 0.93) -> WrittenLanguage {
        // Capitals of the same.
        WrittenLanguage(.latin, letters + letters.uppercased(), least: least)
    }

    /// The sets, those first that are preferred where a text reads as well in another.
    static let sets: [(set: CharacterSet, languages: [WrittenLanguage])] = [
        ("windows-1252", western), ("windows-1250", centralEuropean), ("iso-8859-2", centralEuropean),
        ("windows-1254", [turkish]), ("windows-1257", baltic),
        ("windows-1251", [cyrillic]), ("koi8-u", [cyrillic]), ("ibm866", [cyrillic]), ("iso-8859-5", [cyrillic]),
        ("windows-1253", [greek]), ("iso-8859-7", [greek]), ("windows-1255", [hebrew]), ("windows-1256", [arabic]),
        ("cp874", [thai]), ("gb18030", [simplifiedChinese]), ("big5-hkscs", [traditionalChinese]),
        ("shift_jis", [japanese]), ("euc-jp", [japanese]), ("euc-kr", [korean]),
    ].compactMap { label, languages in CharacterSet(label: label).map { ($0, languages) } }

    /// French, German, Spanish, Portuguese, Italian, the Nordic languages, Dutch and Catalan. What is written in one of them has a
    /// word of another now and then, so less is asked of it.
    private static let western = [
        latin("éèàçêùâîôûëïœæ", least: 0.85), latin("äöüß", least: 0.85), latin("áéíóúñüªº", least: 0.85),
        latin("ãõáéíóúâêôçà", least: 0.85), latin("àèéìòùî", least: 0.85), latin("åäöæøéü", least: 0.85),
        latin("áðéíóúýþæö", least: 0.85), latin("ëéïöüèê", least: 0.85), latin("àèéíïòóúüç", least: 0.85),
    ]

    /// Polish, Czech and Slovak, Hungarian, Croatian and Slovene, Romanian.
    private static let centralEuropean = [
        latin("ąćęłńóśźż"), latin("áčďéěíňóřšťúůýžäľĺŕô"), latin("áéíóöőúüű"), latin("čćđšž"), latin("ăâîşţ"),
    ]

    private static let turkish = latin("çğıöşüİâî")

    /// Lithuanian, Latvian, Estonian.
    private static let baltic = [latin("ąčęėįšųūž"), latin("āčēģīķļņšūž"), latin("äõöüšž")]

    /// Small letters only: the sets of Cyrillic have the small letters of one where another has its capitals.
    private static let cyrillic = WrittenLanguage(.alphabet, "оеаинтсрвлкмдпуяыьгзбчіїъ", least: 0.7)
    private static let greek = WrittenLanguage(.alphabet, "αοιετνσςρηπκλμυδγάίόέήύώωΆ", least: 0.6)
    private static let hebrew = WrittenLanguage(.alphabet, "יוהלאמרתבשנםןדעח", least: 0.7)
    private static let arabic = WrittenLanguage(.alphabet, "اليمنورتبةعدهفسأ", least: 0.6)
    private static let thai = WrittenLanguage(.alphabet, "านรกอเงยลวมทสตหปคจแไ่้ิีัื็์ะ", least: 0.7)

    private static let simplifiedChinese = WrittenLanguage(
        .ideographs,
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里，。、：；《》“”",
        least: 0.15)
    private static let traditionalChinese = WrittenLanguage(
        .ideographs,
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡，。、：；「」《》",
        least: 0.15)
    /// Its two syllabaries.
    private static let japanese = WrittenLanguage(
        .ideographs,
        String(String.UnicodeScalarView((0x3041...0x30FE).compactMap(Unicode.Scalar.init))) + "、。「」", least: 0.35)
    private static let korean = WrittenLanguage(
        .ideographs, "이다의는에을가고를은하한지로기자도사리어대인서스나시해정일수과보전있그주구부", least: 0.3)
}
