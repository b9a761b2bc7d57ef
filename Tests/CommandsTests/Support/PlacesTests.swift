import Commands
import Foundation
import Testing

@Suite("Places")
struct PlacesTests {
    @Test("files lie under the home folder by default")
    func defaults() {
        let places = Places(environment: ["HOME": "/home/ada"])
        #expect(places.queue?.path == "/home/ada/.local/share/nightshift/queue.db")
        #expect(places.jobs?.path == "/home/ada/.config/nightshift/jobs")
        #expect(places.state?.path == "/home/ada/.local/state/nightshift")
        #expect(places.cache?.path == "/home/ada/.cache/nightshift")
    }

    @Test("the XDG variables win where they are absolute, and only there")
    func variables() {
        let places = Places(environment: [
            "HOME": "/home/ada", "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "",
        ])
        #expect(places.queue?.path == "/data/nightshift/queue.db")
        #expect(places.jobs?.path == "/home/ada/.config/nightshift/jobs")
        #expect(places.cache?.path == "/home/ada/.cache/nightshift")
    }

    @Test("without a home there are no places")
    func homeless() {
        #expect(Places(environment: ["HOME": "here"]).queue == nil)
    }
}
