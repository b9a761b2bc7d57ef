import Foundation
import Generation
import JSONText
import TestSupport
import Testing

@Suite("JSON schemas")
struct SchemaTests {
    private func constraint(_ schema: String) throws -> Constraint {
        try Constraint(["json": try JSONParser.parse(schema)])
    }

    @Test(
        "a text is allowed where its value is valid",
        arguments: [
            (
                #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false}"#,
                [#"{"a":1}"#, #"{"a": -20, "b": "x"}"#, "{\n  \"a\": 0,\n  \"b\": \"\"\n}"],
                [
                    #"{}"#, #"{"b":"x"}"#, #"{"a":1.5}"#, #"{"a":1,"c":2}"#, #"{"a":1,}"#, #"{"a":01}"#, #"{"a" :1}"#,
                    #"{"a":  1}"#,
                ]
            ),
            (
                #"{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}}}"#,
                [#"{}"#, #"{"a":1}"#, #"{"c":3}"#, #"{"a":1,"c":3}"#, #"{"a":1, "b":2,"c":3}"#],
                [#"{,"a":1}"#, #"{"b":2,"a":1}"#, #"{"a":1,"a":1}"#]
            ),
            (
                #"{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}"#,
                ["[true]", "[true, false,true]", "[\n\ttrue\n]"], ["[]", "[true,true,true,true]", "[true,]", "[1]"]
            ),
            (#"{"type":"array","maxItems":0}"#, ["[]", "[ ]"], ["[1]"]),
            (
                #"{"type":"string","minLength":2,"maxLength":3}"#,
                [#""ab""#, #""é€😀""#, #""\"\\""#, #""\n\u0001a""#],
                [#""a""#, #""abcd""#, #""é"é"#, "\"a\nb\"", #""\u00e9b""#, #""\/a""#]
            ),
            (#"{"type":"string","pattern":"^a\"+\\n?$"}"#, [#""a\"""#, #""a\"\"\n""#], [#""a"""#, #""b""#]),
            (
                #"{"enum":["a\"b",1,2.5,null,[1,"x"],{"k":true}]}"#,
                [#""a\"b""#, "1", "2.5", "null", #"[1, "x"]"#, #"{"k": true}"#], ["2", #""a""#]
            ),
            (#"{"type":"integer","enum":["a",1,2]}"#, ["1", "2"], [#""a""#]),
            (
                #"{"type":["integer","null"],"title":"T","description":"D","default":3}"#, ["5", "null"],
                ["true", "5.0", "-0"]
            ),
            (#"{"type":"number"}"#, ["0", "-1.5e10", "3E-2", "12"], ["1.", ".5", "+1", "1e100", "1234567890123456"]),
            (
                #"{"anyOf":[{"type":"null"},{"type":"object","required":["x"]}]}"#, ["null", #"{"x":[1,{}]}"#],
                ["{}", "1"]
            ),
            (#"{"type":"object"}"#, ["{}", #"{"z":[{"a":null}]}"#], ["[]", "{1:2}"]),
            ("{}", ["1", "[]", #"{"a":[[[1]]]}"#, "true"], ["", " 1", "nul", "[1 ]x"]),
            ("true", ["null"], ["nil"]),
        ] as [(String, [String], [String])])
    func matches(_ schema: String, _ good: [String], _ bad: [String]) throws {
        let constraint = try constraint(schema)
        for text in good { #expect(try constraint.accepts(text), "\(schema) allows \(text)") }
        for text in bad { #expect(try !constraint.accepts(text), "\(schema) doesn't allow \(text)") }
    }

    @Test(
        "a keyword that isn't supported is refused by its name",
        arguments: [
            "$ref", "oneOf", "allOf", "not", "format", "minimum", "maximum", "multipleOf", "uniqueItems", "prefixItems",
            "patternProperties", "dependentRequired", "if", "propertyNames", "$defs", "minProperties", "contains",
        ])
    func unsupported(_ keyword: String) throws {
        let schema: JSONValue = ["type": "object", "properties": ["a": .object(JSONObject([keyword: true]))]]
        let error = #expect(throws: ConstraintError.self) { try Constraint(["json": schema]) }
        guard case .unsupportedKeyword(let path, let name, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == "json.properties.a")
        #expect(name == keyword)
    }

    @Test(
        "a schema that says nothing lawful, or that no value meets, is refused",
        arguments: [
            ("false", "json: expected a schema, found false"),
            (#"{"type":"strin"}"#, "json.type: \"strin\" isn't one of"),
            (#"{"type":[]}"#, "json.type: an empty list"), (#"{"enum":[]}"#, "json.enum: an empty list"),
            (#"{"anyOf":[]}"#, "json.anyOf: an empty list"),
            (#"{"type":"null","enum":[1]}"#, "json: no value of the list"),
            (#"{"type":"string","minLength":3,"maxLength":2}"#, "json: minLength is 3"),
            (#"{"type":"string","minLength":-1}"#, "json.minLength: expected a whole number"),
            (#"{"type":"string","pattern":"a","maxLength":2}"#, "json: 'pattern' beside a length"),
            (#"{"type":"string","pattern":"("}"#, "json.pattern: at character 2"),
            (#"{"items":{"type":"string","pattern":3}}"#, "json.items.pattern: expected a text"),
            (#"{"type":"object","additionalProperties":true}"#, "json.additionalProperties: only false"),
            (#"{"required":[1]}"#, "json.required[0]: expected a name"),
            (#"{"properties":[]}"#, "json.properties: expected"),
            (#"{"anyOf":[{"type":"null"},{"type":"x"}]}"#, "json.anyOf[1].type"),
            (#"{"enum":[1],"minLength":2}"#, "json: 'minLength' beside 'enum'"),
            (#"{"type":"array","minItems":100002}"#, "json: a count of 100001"),
        ])
    func refused(_ schema: String, _ message: String) throws {
        let error = #expect(throws: ConstraintError.self) { try constraint(schema) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "nothing")")
    }

    @Test(
        "other malformed constraints are refused",
        arguments: [
            ("3", "constraint: expected one of"), (#"{"choices":[]}"#, "choices: expected a list"),
            (#"{"choices":["a",""]}"#, "choices[1]: expected a text"), (#"{"choices":[1]}"#, "choices[0]"),
            (#"{"choice":["a"]}"#, "constraint: there is no constraint 'choice'"),
            (#"{"regex":1}"#, "regex: expected a text"),
            (#"{"regex":""}"#, "regex: only the empty text"),
            (#"{"regex":"a","json":true}"#, "constraint: expected one of"),
            (#""spam""#, "constraint: expected one of"),
        ])
    func malformed(_ source: String, _ message: String) throws {
        let error = #expect(throws: ConstraintError.self) { try Constraint(try JSONParser.parse(source)) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "nothing")")
    }

    @Test("random texts of random schemas are valid by another reading of the schema", arguments: 0..<200)
    func randomSchemas(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let schema = RandomSchema.make(&random, depth: 3)
        let constraint = try Constraint(["json": schema])
        for _ in 0..<5 {
            let text = try constraint.randomText(&random, limit: 300)
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            }
            #expect(RandomSchema.isValid(try JSONParser.parse(text), by: schema), "\(schema.text): \(text)")
        }
    }
}
