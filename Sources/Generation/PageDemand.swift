/// Pages of keys and values that a request may come to hold at the most.
struct PageDemand: Equatable {
    /// Whole pages of the prompt that other requests may use as well.
    let shareable: Int
    /// The others.
    let own: Int

    var total: Int { shareable + own }

    /// Several rows share the whole pages of the prompt; each has its own from there on. A step may ask for one page more
    /// for each two rows: both want a copy of a page that they share, though the second writes in place in the end.
    ///
    /// - parameter shareable: how many of the prompt's first pages are kept in the ``PrefixCache``
    init(of request: GenerationRequest, pageLength: Int, shareable: Int) {
        let longest = (request.prompt.count + request.parameters.maxNewTokens + pageLength - 1) / pageLength
        let width = request.parameters.width
        self.shareable = shareable
        guard width > 1 else {
            own = longest - shareable
            return
        }
        let prompt = request.prompt.count / pageLength
        own = prompt - shareable + width * (longest - prompt) + width / 2
    }
}
