/// The characters that pages write as `&name;`: those of HTML 4.01 (its section 24) and some of HTML 5.
enum HTMLEntities {
    /// Names are no longer than this; what is longer is text.
    private static let maximumLength = 32

    /// The bytes with entities resolved. What isn't an entity stays as it is.
    static func resolved(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(ampersand) else { return Array(bytes) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == ampersand, let (scalar, end) = entity(in: bytes, at: index) else {
                output.append(bytes[index])
                index += 1
                continue
            }
            output += Array(String(scalar).utf8)
            index = end
        }
        return output
    }

    /// The character of a name, without `&` and `;`.
    static func scalar(named name: String) -> Unicode.Scalar? { table[name] }

    private static let ampersand = UInt8(ascii: "&")
    private static let semicolon = UInt8(ascii: ";")

    private static func entity(in bytes: ArraySlice<UInt8>, at start: Int) -> (Unicode.Scalar, end: Int)? {
        guard start + 1 < bytes.endIndex, bytes[start + 1] >= UInt8(ascii: "#"), bytes[start + 1] != ampersand else {
            return nil
        }
        let rest = bytes[(start + 1)...].prefix(maximumLength)
        if rest.first == UInt8(ascii: "#") { return numeric(rest.dropFirst(), in: bytes) }
        let name = rest.prefix { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard !name.isEmpty else { return nil }
        let isClosed = name.endIndex < bytes.endIndex && bytes[name.endIndex] == semicolon
        if isClosed {
            return table[String(decoding: name, as: UTF8.self)].map { ($0, name.endIndex + 1) }
        }
        return unclosed.first { name.starts(with: $0.name) }.map { ($0.scalar, start + 1 + $0.name.count) }
    }

    private static func numeric(
        _ rest: ArraySlice<UInt8>, in bytes: ArraySlice<UInt8>
    ) -> (Unicode.Scalar, end: Int)? {
        let isHexadecimal = rest.first == UInt8(ascii: "x") || rest.first == UInt8(ascii: "X")
        let digits = (isHexadecimal ? rest.dropFirst() : rest).prefix { byte in
            (0x30...0x39).contains(byte)
                || isHexadecimal && ((0x41...0x46).contains(byte) || (0x61...0x66).contains(byte))
        }
        guard !digits.isEmpty else { return nil }
        var end = digits.endIndex
        if end < bytes.endIndex, bytes[end] == semicolon { end += 1 }
        let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHexadecimal ? 16 : 10) ?? 0xFFFD
        // What old editors write for Windows-1252.
        if (0x80...0x9F).contains(value), let text = CharacterSet.windows1252.text(of: [UInt8(value)], replaces: true) {
            return text.unicodeScalars.first.map { ($0, end) }
        }
        return (value == 0 ? "\u{FFFD}" : Unicode.Scalar(value) ?? "\u{FFFD}", end)
    }

    /// Those that pages write without the semicolon.
    private static let unclosed: [(name: [UInt8], scalar: Unicode.Scalar)] = [
        ("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("nbsp", "\u{A0}"), ("copy", "©"), ("reg", "®"),
        ("AMP", "&"), ("LT", "<"), ("GT", ">"),
    ].map { (name: String, scalar: Unicode.Scalar) in (Array(name.utf8), scalar) }

    private static let table: [String: Unicode.Scalar] = {
        var table: [String: Unicode.Scalar] = [:]
        // U+00A0 to U+00FF, in their order.
        for (index, name) in latin1.split(separator: " ").enumerated() {
            table[String(name)] = Unicode.Scalar(UInt8(0xA0 + index))
        }
        for entry in others.split(whereSeparator: \.isWhitespace) {
            let parts = entry.split(separator: "=")
            if parts.count == 2, let value = UInt32(parts[1], radix: 16) {
                table[String(parts[0])] = Unicode.Scalar(value)
            }
        }
        return table
    }()

    private static let latin1 = """
        nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro \
        para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil \
        Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
        Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml \
        igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute \
        thorn yuml
        """

    private static let others = """
        amp=26 lt=3C gt=3E quot=22 apos=27 AMP=26 LT=3C GT=3E QUOT=22 OElig=152 oelig=153 Scaron=160 scaron=161 Yuml=178 \
        fnof=192 circ=2C6 tilde=2DC Alpha=391 Beta=392 Gamma=393 Delta=394 Epsilon=395 Zeta=396 Eta=397 Theta=398 Iota=399 \
        Kappa=39A Lambda=39B Mu=39C Nu=39D Xi=39E Omicron=39F Pi=3A0 Rho=3A1 Sigma=3A3 Tau=3A4 Upsilon=3A5 Phi=3A6 Chi=3A7 \
        Psi=3A8 Omega=3A9 alpha=3B1 beta=3B2 gamma=3B3 delta=3B4 epsilon=3B5 zeta=3B6 eta=3B7 theta=3B8 iota=3B9 kappa=3BA \
        lambda=3BB mu=3BC nu=3BD xi=3BE omicron=3BF pi=3C0 rho=3C1 sigmaf=3C2 sigma=3C3 tau=3C4 upsilon=3C5 phi=3C6 \
        chi=3C7 psi=3C8 omega=3C9 thetasym=3D1 upsih=3D2 piv=3D6 ensp=2002 emsp=2003 thinsp=2009 zwnj=200C zwj=200D \
        lrm=200E rlm=200F ndash=2013 mdash=2014 horbar=2015 lsquo=2018 rsquo=2019 sbquo=201A ldquo=201C rdquo=201D \
        bdquo=201E dagger=2020 Dagger=2021 bull=2022 hellip=2026 permil=2030 prime=2032 Prime=2033 lsaquo=2039 rsaquo=203A \
        oline=203E frasl=2044 euro=20AC image=2111 weierp=2118 real=211C trade=2122 alefsym=2135 larr=2190 uarr=2191 \
        rarr=2192 darr=2193 harr=2194 crarr=21B5 lArr=21D0 uArr=21D1 rArr=21D2 dArr=21D3 hArr=21D4 forall=2200 part=2202 \
        exist=2203 empty=2205 nabla=2207 isin=2208 notin=2209 ni=220B prod=220F sum=2211 minus=2212 lowast=2217 radic=221A \
        prop=221D infin=221E ang=2220 and=2227 or=2228 cap=2229 cup=222A int=222B there4=2234 sim=223C cong=2245 asymp=2248 \
        ne=2260 equiv=2261 le=2264 ge=2265 sub=2282 sup=2283 nsub=2284 sube=2286 supe=2287 oplus=2295 otimes=2297 perp=22A5 \
        sdot=22C5 lceil=2308 rceil=2309 lfloor=230A rfloor=230B lang=27E8 rang=27E9 loz=25CA spades=2660 clubs=2663 \
        hearts=2665 diams=2666 hyphen=2010 dash=2010 lbrack=5B rbrack=5D lpar=28 rpar=29 colon=3A semi=3B comma=2C \
        period=2E excl=21 quest=3F num=23 dollar=24 percnt=25 ast=2A plus=2B equals=3D sol=2F bsol=5C lowbar=5F grave=60 \
        lcub=7B rcub=7D verbar=7C vert=7C commat=40 Tab=9 NewLine=A check=2713 star=2606 starf=2605 inodot=131 \
        Abreve=102 abreve=103 Aogon=104 aogon=105 Cacute=106 cacute=107 Ccaron=10C ccaron=10D Dcaron=10E dcaron=10F \
        Dstrok=110 dstrok=111 Ecaron=11A ecaron=11B Eogon=118 eogon=119 Gbreve=11E gbreve=11F Idot=130 Lstrok=141 \
        lstrok=142 Nacute=143 nacute=144 Ncaron=147 ncaron=148 Odblac=150 odblac=151 Rcaron=158 rcaron=159 Sacute=15A \
        sacute=15B Scedil=15E scedil=15F Tcaron=164 tcaron=165 Udblac=170 udblac=171 Uring=16E uring=16F Zacute=179 \
        zacute=17A Zcaron=17D zcaron=17E Zdot=17B zdot=17C
        """
}
