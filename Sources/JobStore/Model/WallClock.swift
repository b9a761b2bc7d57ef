public import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The clock on the wall of some place: what run windows and schedules are written in.
public struct WallClock: Sendable {
    /// Seconds east of UTC at a moment given in seconds since 1970.
    let offset: @Sendable (Int64) -> Int64

    /// This machine's clock, by the C library, as SQLite's `localtime` is: so that the view `queue_status` and the claim
    /// agree through the nights the clocks change.
    public static let system = WallClock { moment in
        var seconds = time_t(moment)
        var local = tm()
        localtime_r(&seconds, &local)
        return Int64(local.tm_gmtoff)
    }

    /// The clock of a time zone.
    public init(_ zone: TimeZone) {
        offset = { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) }
    }

    private init(offset: @escaping @Sendable (Int64) -> Int64) { self.offset = offset }

    /// The clock that a name stands for: `local`, or a zone such as `Europe/Berlin`; `nil` for an unknown name.
    ///
    /// - Parameter local: what `local` means.
    static func named(_ name: String, local: WallClock) -> WallClock? {
        if name == "local" { return local }
        return TimeZone(identifier: name).map { WallClock($0) }
    }

    /// The moments at which the clock shows this local time, the earliest first: one as a rule, two in the hour that an
    /// autumn night repeats, none in the hour that a spring night leaves out.
    ///
    /// - Parameter local: the shown date and time as seconds since 1970 began on this clock.
    func moments(showing local: Int64) -> [Int64] {
        let (before, after) = offsets(around: local)
        return Set([before, after]).map { local - $0 }.filter { offset($0) == local - $0 }.sorted()
    }

    /// The first moment at which the clock shows this time or a later one.
    func firstMoment(showingAtLeast local: Int64) -> Int64 {
        if let moment = moments(showing: local).first { return moment }
        // The clock jumps over it: the jump is looked for between a moment before it and one after.
        let (before, after) = offsets(around: local)
        var (low, high) = (local - max(before, after), local - min(before, after))
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if middle + offset(middle) >= local { high = middle } else { low = middle }
        }
        return high
    }

    /// The offsets of a day before and a day after: clocks change no more than once in between.
    private func offsets(around local: Int64) -> (Int64, Int64) {
        let day: Int64 = 86_400
        return (offset(local - day), offset(local + day))
    }
}

/// What a clock on the wall shows at a moment.
package struct LocalMoment: Sendable, Equatable {
    /// `HH:MM`.
    package let time: String
    /// 0 is Sunday.
    package let weekday: Int

    package init(time: String, weekday: Int) {
        self.time = time
        self.weekday = weekday
    }

    package init(_ date: Date, on clock: WallClock = .system) {
        let seconds = floorDivision(Timestamp.milliseconds(date), 1000)
        let local = seconds + clock.offset(seconds)
        let day = floorDivision(local, 86_400)
        let minute = (local - day * 86_400) / 60
        func padded(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
        time = padded(minute / 60) + ":" + padded(minute % 60)
        // The first of January 1970 was a Thursday.
        weekday = Int(((day + 4) % 7 + 7) % 7)
    }
}

/// The quotient rounded down, also below zero.
func floorDivision(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}
