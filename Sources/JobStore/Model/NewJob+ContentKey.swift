import Crypto
import Foundation
import JSONText

extension NewJob {
    /// A key for ``uniqueKey`` that is the same for jobs that ask the same of the same text: by kind, text, question,
    /// options, template and the conversation that they go on with. Queue, priority and time don't matter.
    public var contentKey: String {
        let text =
            switch input {
            case .inline(let text): text
            case .document(let document): document.text
            case .documentID(let id): "document \(id)"
            case .none: ""
            }
        let options = Data(JSONValue.object(JSONObject(options)).text.utf8)
        var hash = SHA256()
        // Each part with its length, so that no two jobs run together into the same bytes.
        var parts = [Data(kind.utf8), Data((question ?? "").utf8), options, Data(text.utf8)]
        if let continues { parts.append(Data("continues \(continues)".utf8)) }
        if let templateID { parts.append(Data("template \(templateID)".utf8)) }
        for part in parts {
            hash.update(data: Data("\(part.count):".utf8))
            hash.update(data: part)
        }
        return hexadecimal(hash.finalize())
    }
}
