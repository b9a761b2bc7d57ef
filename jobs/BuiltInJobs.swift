/// The YAML files beside this one, as they are embedded in the executable.
public enum BuiltInJobs {
    /// The kinds by name, each with the bytes of its definition.
    public static var definitions: [(kind: String, yaml: [UInt8])] {
        [
            ("answer", PackageResources.answer_yaml),
            ("answer-quote", PackageResources.answer_quote_yaml),
            ("code", PackageResources.code_yaml),
            ("dialogue", PackageResources.dialogue_yaml),
            ("generate", PackageResources.generate_yaml),
            ("keywords", PackageResources.keywords_yaml),
            ("mlperf-summarize", PackageResources.mlperf_summarize_yaml),
            ("outline", PackageResources.outline_yaml),
            ("paraphrase", PackageResources.paraphrase_yaml),
            ("quiz", PackageResources.quiz_yaml),
            ("summarize", PackageResources.summarize_yaml),
            ("summarize-quote", PackageResources.summarize_quote_yaml),
        ]
    }
}
