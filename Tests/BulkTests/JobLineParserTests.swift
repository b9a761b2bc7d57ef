import Bulk
import Foundation
import JSONText
import JobCatalog
import JobStore
import Records
import Testing

@Suite("A line becomes the job that it asks for, or is refused with the reason")
struct JobLineParserTests {
    private func job(
        _ json: String, _ defaults: JobLineParser.Defaults = JobLineParser.Defaults()
    ) throws -> NewJob {
        let parser = JobLineParser(
            catalog: JobCatalog(), defaults: defaults,
            document: { path in
                guard path == "notes.txt" else { throw BulkProblem(line: 0, code: "", message: "no \(path)") }
                return NewDocument(text: "From a file.", title: "Notes", source: path)
            },
            time: { _ in Date(timeIntervalSince1970: 0) })
        let record = JSONLinesReader.record(Array(json.utf8), line: 7)
        return try parser.job(from: try record.get()).job
    }

    /// Why a line is refused.
    private func refusal(_ json: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
        do {
            _ = try job(json)
            Issue.record("it was taken: \(json)", sourceLocation: sourceLocation)
            return ""
        } catch let problem as BulkProblem {
            #expect(problem.line == 7, sourceLocation: sourceLocation)
            return "\(problem.code): \(problem.message)"
        } catch {
            return "\(error)"
        }
    }

    private func completion(_ body: String) -> String {
        #"{"custom_id":"a","method":"POST","url":"/v1/completions","body":\#(body)}"#
    }

    private func chat(_ messages: String, _ more: String = "") -> String {
        #"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":\#(messages)\#(more)}}"#
    }

    private func text(_ job: NewJob) -> String? {
        switch job.input {
        case .inline(let text): text
        case .document(let document): document.text
        default: nil
        }
    }

    @Test("a completion is a text to go on with, its parameters are options")
    func completions() throws {
        let job = try job(
            completion(
                #"{"model":"gpt-j","prompt":"Once","max_tokens":9,"temperature":0.5,"top_p":0.9,"stop":["\n"],"seed":3,"n":1,"stream":false,"logprobs":null}"#
            ))
        #expect(job.kind == "generate" && job.customID == "a")
        #expect(text(job) == "Once")
        #expect(
            job.options == [
                "max_new_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["\n"], "seed": 3,
            ])
        #expect(job.metadata == ["model": "gpt-j", "url": "/v1/completions"])
    }

    @Test("temperature 0 is OpenAI's way to ask for the likeliest token")
    func greedy() throws {
        let options = try job(completion(#"{"prompt":"x","temperature":0,"top_p":1,"max_tokens":4}"#)).options
        #expect(options == ["max_new_tokens": 4, "do_sample": false])
    }

    @Test("another kind may be asked for, by the line or for all lines")
    func kinds() throws {
        var defaults = JobLineParser.Defaults()
        (defaults.kind, defaults.question, defaults.options) = ("answer", "Who?", ["max_new_tokens": 5])
        let asked = try job(completion(#"{"prompt":"Bees make honey."}"#), defaults)
        #expect(asked.kind == "answer" && asked.question == "Who?" && asked.options == ["max_new_tokens": 5])
        let own = try job(#"{"custom_id":"b","kind":"summarize","body":{"prompt":"x"}}"#)
        #expect(own.kind == "summarize")
    }

    @Test("a chat's only message is the text, after what the system says")
    func singleMessage() throws {
        let job = try job(
            chat(#"[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi"}]}]"#))
        #expect(text(job) == "Be brief.\n\nHi")
        #expect(job.options.isEmpty)
    }

    @Test("a longer chat is a transcript that ends where the user would speak again")
    func transcript() throws {
        let job = try job(
            chat(
                #"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Bye"}]"#,
                #","stop":"!","max_completion_tokens":8"#))
        #expect(text(job) == "User: Hi\nAssistant: Yes?\nUser: Bye\nAssistant:")
        #expect(job.options == ["stop": ["\nUser:", "!"], "max_new_tokens": 8])
    }

    @Test("what can't be done is refused by name, never passed over")
    func unsupported() {
        #expect(
            refusal(completion(#"{"prompt":"x","n":2}"#))
                == "unsupported: body.n: 2 isn't there: give every text a line of its own")
        #expect(refusal(completion(#"{"prompt":"x","frequency_penalty":0.5}"#)).contains("frequency_penalty"))
        #expect(refusal(completion(#"{"prompt":"x","temprature":0.5}"#)) == "unsupported: body.temprature is unknown")
        #expect(refusal(completion(#"{"prompt":["x","y"]}"#)).contains("give every text a line of its own"))
        #expect(refusal(completion(#"{"max_tokens":3}"#)) == "invalid_request: body.prompt is missing")
        #expect(
            refusal(chat(#"[{"role":"tool","content":"x"}]"#)).hasPrefix("unsupported: body.messages[0].role: 'tool'"))
        #expect(refusal(chat(#"[{"role":"user","content":[{"type":"image_url"}]}]"#)).contains("only texts"))
        #expect(refusal(chat(#"[{"role":"assistant","content":"x"}]"#)).contains("must be the user's"))
        #expect(refusal(chat("[]")).contains("a list of messages"))
        #expect(refusal(#"{"custom_id":"a","url":"/v1/embeddings","body":{}}"#).hasPrefix("unsupported: url"))
        #expect(refusal(#"{"custom_id":"a","method":"GET","url":"/v1/completions","body":{}}"#).contains("method"))
        #expect(refusal(#"{"url":"/v1/completions","body":{"prompt":"x"}}"#).contains("custom_id is missing"))
    }

    @Test("our own form has the columns of jobs")
    func ownForm() throws {
        let job = try job(
            #"{"custom_id":12,"kind":"answer","document":"Bees make honey.","title":"Bees","question":"Who?","queue":"night","priority":"2","options":{"temperature":0.5},"option.seed":"4","max_attempts":1,"timeout_seconds":9,"deadline_at":"2026-12-01T06:00:00.000Z","metadata":{"x":1}}"#
        )
        #expect(job.customID == "12" && job.queue == "night" && job.priority == 2 && job.question == "Who?")
        #expect(job.options == ["temperature": 0.5, "seed": "4"])
        #expect(job.maxAttempts == 1 && job.timeoutSeconds == 9 && job.metadata == ["x": 1])
        #expect(job.deadlineAt == Date(timeIntervalSince1970: 1_796_104_800))
        guard case .document(let document) = job.input else {
            Issue.record("no document")
            return
        }
        #expect(document.title == "Bees")
    }

    @Test("a path is read as a document")
    func path() throws {
        #expect(text(try job(#"{"kind":"summarize","path":"notes.txt"}"#)) == "From a file.")
        #expect(refusal(#"{"kind":"summarize","path":"none.txt"}"#).contains("no none.txt"))
    }

    @Test("what would fail when the job is run is refused now")
    func checks() {
        #expect(refusal(#"{"input":"x"}"#).contains("kind is missing"))
        #expect(refusal(#"{"kind":"sumarize","input":"x"}"#).contains("there is no kind 'sumarize'"))
        #expect(refusal(#"{"kind":"answer","input":"x"}"#).contains("needs a question"))
        #expect(refusal(#"{"kind":"summarize","input":" "}"#).contains("needs a document"))
        #expect(refusal(#"{"kind":"summarize","input":"x","options":{"lenght":"short"}}"#).contains("lenght"))
        #expect(refusal(#"{"kind":"summarize","input":"x","path":"notes.txt"}"#).contains("give one of input, path"))
        #expect(refusal(#"{"kind":"summarize","input":"x","priority":10}"#).contains("expected 0 to 9"))
        #expect(refusal(#"{"kind":"summarize","text":"x"}"#).contains("unknown field 'text'"))
        #expect(refusal(#"{"kind":"summarize","input":"x","timeout_seconds":0}"#).contains("above 0"))
        #expect(refusal(#"{"custom_id":"","kind":"summarize","input":"x"}"#).contains("custom_id"))
    }
}
