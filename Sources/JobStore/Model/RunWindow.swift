package import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A moment as the wall clock of this machine shows it, which is what run windows are written in.
package struct LocalMoment: Sendable, Equatable {
    /// `HH:MM`.
    package let time: String
    /// 0 is Sunday.
    package let weekday: Int

    package init(time: String, weekday: Int) {
        self.time = time
        self.weekday = weekday
    }

    /// - Parameter date: converted by the C library, as SQLite's `localtime` is, so that the view `queue_status` and the
    ///   claim agree through the nights the clocks change.
    package init(_ date: Date) {
        var seconds = time_t(Timestamp.milliseconds(date) / 1000)
        var local = tm()
        localtime_r(&seconds, &local)
        let hour = String(local.tm_hour)
        let minute = String(local.tm_min)
        time = (hour.count < 2 ? "0" : "") + hour + ":" + (minute.count < 2 ? "0" : "") + minute
        weekday = Int(local.tm_wday)
    }
}

/// The hours in which a queue's jobs may start. A window that ends before it starts runs over midnight and belongs to the
/// day it started on.
package struct RunWindow: Sendable, Equatable {
    /// `HH:MM`, included.
    package var start: String
    /// `HH:MM`, excluded.
    package var end: String
    /// The weekdays it starts on, as digits; 0 is Sunday.
    package var days: String

    package init(start: String, end: String, days: String = "0123456") {
        self.start = start
        self.end = end
        self.days = days
    }

    package func contains(_ moment: LocalMoment) -> Bool {
        func starts(on weekday: Int) -> Bool { days.contains(String(weekday)) }
        let yesterday = (moment.weekday + 6) % 7
        if start <= end {
            return moment.time >= start && moment.time < end && starts(on: moment.weekday)
        }
        return (moment.time >= start && starts(on: moment.weekday)) || (moment.time < end && starts(on: yesterday))
    }
}
