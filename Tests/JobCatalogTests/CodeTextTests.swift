import JobCatalog
import Testing

@Suite("Code in texts")
struct CodeTextTests {
    private func rest(_ text: String, after document: String) -> String {
        PostProcessing([.codeBlock(after: document)]).apply(to: text)
    }

    @Test("a function goes on to its end, with its indentation")
    func function() {
        let text = "\n    total = 0\n    for x in xs:\n        total += x\n\n    return total\n\nprint(mean([1]))\n"
        #expect(
            rest(text, after: "import math\n\ndef mean(xs):")
                == "\n    total = 0\n    for x in xs:\n        total += x\n\n    return total")
    }

    @Test("a method ends where the next one begins, not where the class does")
    func method() {
        let text = "\n        return self.x\n\n    def other(self):\n        return 1\n"
        #expect(rest(text, after: "class A:\n    def first(self):") == "\n        return self.x")
        #expect(rest(text, after: "class A:\n    def first(self):\n        y = 1") == "\n        return self.x")
    }

    @Test("the line that closes a block belongs to it, and so do its other branches")
    func braces() {
        #expect(rest("\n  return a;\n}\n\nint b;\n", after: "int f() {") == "\n  return a;\n}")
        #expect(
            rest("\n  a();\n} else {\n  b();\n}\nc();", after: "if (x) {") == "\n  a();\n} else {\n  b();\n}")
        #expect(rest("\n    a()\nelse:\n    b()\nc()", after: "if x:") == "\n    a()\nelse:\n    b()")
        #expect(rest("\n  puts 1\nend\nputs 2", after: "def f") == "\n  puts 1\nend")
    }

    @Test("a fence ends everything, and code outside of blocks goes on")
    func fences() {
        #expect(rest(" 1\ny = 2\n```\nThat is all", after: "x =") == " 1\ny = 2")
        #expect(PostProcessing([.codeFence]).apply(to: "Sure:\n```python\n  a\n```\nDone") == "  a")
        #expect(PostProcessing([.codeFence]).apply(to: "  a\n  b") == "  a\n  b")
        #expect(PostProcessing([.codeFence]).apply(to: "```\nx") == "x")
    }

    @Test("blank lines go from the ends, indentation stays")
    func blankLines() {
        #expect(PostProcessing([.trimLines]).apply(to: "\n  \n    a\n\n  b\n \n") == "    a\n\n  b")
        #expect(PostProcessing([.trimLines]).apply(to: " \n") == "")
    }
}
