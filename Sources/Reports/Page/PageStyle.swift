/// How the page looks: no picture, font or rule from elsewhere.
package enum PageStyle {
    /// A colour for light and for dark pages. Text on its ground has a contrast of 4.5 or more, shapes of 3: a test computes
    /// it from this table.
    package static let colours: [(name: String, light: String, dark: String)] = [
        ("ground", "#faf9f6", "#15181d"), ("card", "#ffffff", "#1d2128"), ("text", "#1f2328", "#e8e6e1"),
        ("soft", "#5a5f68", "#a6abb4"), ("line", "#dcd9d2", "#343a44"), ("accent", "#1f5a8c", "#86bdf0"),
        ("bar", "#2f74ad", "#5b9bd5"), ("good", "#1c6b3a", "#7fd09b"), ("bad", "#a3271f", "#ff9d93"),
        ("warn", "#7a5200", "#e9bd62"), ("mark", "#ffe38a", "#5c4a00"), ("marked", "#1f2328", "#fff4cf"),
        ("part0", "#8a8f98", "#7d838d"), ("part1", "#b06a00", "#d99a3c"), ("part2", "#2f74ad", "#5b9bd5"),
        ("part3", "#1c6b3a", "#63b783"),
    ]

    private static func variables(_ colour: KeyPath<(name: String, light: String, dark: String), String>) -> String {
        colours.map { "--\($0.name):\($0[keyPath: colour])" }.joined(separator: ";")
    }

    static var text: String {
        """
        :root{color-scheme:light dark;\(variables(\.light))}
        @media (prefers-color-scheme:dark){:root:not([data-theme=light]){\(variables(\.dark))}}
        :root[data-theme=light]{color-scheme:light}
        :root[data-theme=dark]{color-scheme:dark;\(variables(\.dark))}
        \(rules)
        """
    }

    private static let rules = """
        *{box-sizing:border-box}
        html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",\
        Roboto,"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
        header,main,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
        header{padding-top:2.5rem;display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:flex-start;\
        justify-content:space-between}
        h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.4rem);line-height:1.15;letter-spacing:-.015em;margin:0}
        h2{font-size:1.35rem;line-height:1.2;margin:2.75rem 0 1rem}
        h3{font-size:1.05rem;line-height:1.3;margin:0}
        h4{font-size:.95rem;line-height:1.4;margin:0;font-weight:600}
        p{margin:.4rem 0}
        a{color:var(--accent)}
        button,input,select{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);\
        border-radius:.5rem;padding:.45rem .75rem;min-height:2.75rem;max-width:100%}
        button{cursor:pointer}
        :focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.25rem}
        summary{cursor:pointer;color:var(--accent);min-height:1.6rem}
        .sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        .skip{position:absolute;left:-99rem}
        .skip:focus{left:1rem;top:1rem;background:var(--card);padding:.75rem 1rem;z-index:9}
        .soft,.none,figcaption p,.meta,.source{color:var(--soft)}
        .lead{font-size:1.15rem;line-height:1.6;max-width:46rem;margin:0}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.5rem 0 0;padding:0}
        .tiles div{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.8rem 1rem}
        .tiles dt{color:var(--soft);font-size:.85rem}
        .tiles dd{margin:0;font-size:1.2rem;white-space:nowrap;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
        .tiles dd small{font-size:.85rem;font-weight:400;color:var(--soft)}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
        .chart{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.1rem}
        .chart.wide,.chart:last-child:nth-child(even){grid-column:1/-1}
        figcaption p{font-size:.9rem;margin:.15rem 0 .9rem}
        .plot{position:relative;padding-top:1.3rem}
        .plot svg{display:block;width:100%;height:11rem}
        .plot .top{position:absolute;top:0;left:0;font-size:.8rem;color:var(--soft)}
        .marks{position:relative;height:1.3rem;font-size:.8rem;color:var(--soft);margin-top:.25rem}
        .marks span{position:absolute;white-space:nowrap;transform:translateX(-50%)}
        .marks span:first-child{transform:none}
        .marks span.end{transform:translateX(-100%)}
        .bar{fill:var(--bar)}.flag,.fail{fill:var(--bad)}
        .grid{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
        .axis{stroke:var(--soft);stroke-width:1;vector-effect:non-scaling-stroke}
        .p0{fill:var(--part0)}.p1{fill:var(--part1)}.p2{fill:var(--part2)}.p3{fill:var(--part3)}
        .stack{display:block;width:100%;height:2.2rem;border-radius:.35rem}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:0;margin:.8rem 0 0;font-size:.9rem}
        .key{width:.8rem;height:.8rem;margin-right:.4rem}
        .rows{display:grid;gap:.5rem;font-size:.9rem}
        .rows>div{display:grid;grid-template-columns:minmax(6rem,28%) 1fr minmax(3.2rem,auto);gap:.6rem;align-items:center}
        .rows svg{display:block;width:100%;height:1rem}
        .rows .value{text-align:right;font-variant-numeric:tabular-nums}
        .data{margin-top:.9rem;font-size:.9rem}
        .scroll{overflow-x:auto;max-height:22rem;overflow-y:auto}
        table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--soft);padding:.3rem 0}
        th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        th:first-child,td:first-child,.left td{text-align:left}
        thead th{position:sticky;top:0;background:var(--card)}
        tbody th{font-weight:400}
        .filter{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:0 0 1rem;position:sticky;top:0;z-index:5;\
        background:var(--ground);padding:.6rem 0;border-bottom:1px solid var(--line)}
        .filter[hidden]{display:none}
        .filter label{display:grid;gap:.15rem;font-size:.85rem;color:var(--soft)}
        .filter .grow{flex:1 1 14rem}
        .filter input{width:100%}
        .filter output{font-size:.9rem;color:var(--soft);padding-bottom:.6rem;min-width:9rem}
        .doc{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;\
        margin:0 0 1rem;content-visibility:auto;contain-intrinsic-size:auto 16rem}
        .doc[hidden],.job[hidden]{display:none}
        .doc>h3{font-size:1.15rem}
        .source{font-size:.85rem;margin:.1rem 0 0}
        .job{border-top:1px solid var(--line);margin-top:1rem;padding-top:.9rem;scroll-margin-top:6rem}
        .job:target{outline:2px solid var(--accent);outline-offset:.5rem;border-radius:.25rem}
        .said{font-family:Charter,"Bitstream Charter","Iowan Old Style",Georgia,"Noto Serif","DejaVu Serif",serif;\
        font-size:1.08rem;line-height:1.65;white-space:pre-wrap;margin:.5rem 0;max-width:44rem}
        .said.json{font:.9rem/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
        .meta{font-size:.85rem;display:flex;flex-wrap:wrap;gap:.2rem .9rem;margin:.4rem 0 0;padding:0;list-style:none}
        .tag{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 .6rem;font-size:.8rem;\
        line-height:1.5}
        .good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
        .why{color:var(--bad);margin:.5rem 0;max-width:44rem}
        blockquote{margin:.6rem 0;padding:.2rem 0 .2rem 1rem;border-left:3px solid var(--line);white-space:pre-wrap;\
        color:var(--soft);max-width:44rem}
        mark{background:var(--mark);color:var(--marked);padding:.05em .1em;border-radius:.15em}
        .text{margin-top:1rem;font-size:.92rem}
        .text div{white-space:pre-wrap;max-height:26rem;overflow:auto;border:1px solid var(--line);border-radius:.5rem;\
        padding:.8rem 1rem;margin-top:.5rem;background:var(--ground)}
        footer{padding-top:2rem;padding-bottom:3rem;color:var(--soft);font-size:.85rem}
        @media (max-width:40rem){header,main,footer{padding-left:1rem;padding-right:1rem}
        .filter{position:static}.doc{padding:1rem}.tiles{grid-template-columns:repeat(2,1fr)}
        .rows>div{grid-template-columns:1fr auto}.rows svg{grid-column:1/-1;grid-row:2}
        .marks span:nth-child(even){display:none}}
        @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
        @media print{:root,:root[data-theme=dark]{color-scheme:light;--ground:#fff;--card:#fff;--text:#000;--soft:#444;\
        --line:#bbb;--accent:#000;--bad:#8a1a12;--good:#14502b;--warn:#5c3d00;--mark:#ffec9e;--marked:#000;\
        --bar:#2f74ad;--part0:#8a8f98;--part1:#b06a00;--part2:#2f74ad;--part3:#1c6b3a}
        @page{margin:16mm 15mm}
        body{font-size:10pt}header,main,footer{max-width:none;padding:0}header{padding-top:0}
        h2{margin-top:1.4rem;break-after:avoid}h3,h4,.source{break-after:avoid}
        .filter,.skip,#theme,.data,.text{display:none!important}
        .chart,.tiles div,.job,blockquote{break-inside:avoid}
        .doc{content-visibility:visible;border:0;border-top:1px solid #bbb;border-radius:0;padding:.6rem 0;margin:0}
        .charts{grid-template-columns:1fr 1fr}.plot svg{height:5rem}.said{font-size:10.5pt;max-width:none}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{text-decoration:none}}
        """
}
