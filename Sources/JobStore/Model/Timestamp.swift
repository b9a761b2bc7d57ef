package import Foundation

/// Times as the database stores them: UTC to the millisecond, `2026-11-22T21:05:09.123Z`, so that text order is time order.
package enum Timestamp {
    /// Whole milliseconds since 1970, the resolution of everything stored. Far dates are held to the years 0000-9999,
    /// which is what SQLite's date functions read.
    package static func milliseconds(_ date: Date) -> Int64 {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        guard milliseconds.isFinite else { return milliseconds > 0 ? latest : earliest }
        return Int64(min(max(milliseconds, Double(earliest)), Double(latest)))
    }

    package static func date(milliseconds: Int64) -> Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// The stored form of `date`.
    package static func text(_ date: Date) -> String {
        let milliseconds = milliseconds(date)
        let dayLength: Int64 = 86_400_000
        let days = (milliseconds >= 0 ? milliseconds : milliseconds - (dayLength - 1)) / dayLength
        let (year, month, day) = civilDate(daysSince1970: days)
        let time = milliseconds - days * dayLength
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
            + "T" + padded(time / 3_600_000, 2) + ":" + padded(time / 60_000 % 60, 2)
            + ":" + padded(time / 1000 % 60, 2) + "." + padded(time % 1000, 3) + "Z"
    }

    private static let earliest: Int64 = -62_167_219_200_000
    private static let latest: Int64 = 253_402_300_799_999

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The proleptic Gregorian date of a day number. Years are counted from March, so that the leap day is a year's last,
    /// and in eras of 400 years, which all have 146,097 days.
    static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let sinceMarchOfYearZero = daysSince1970 + 719_468
        let era = (sinceMarchOfYearZero >= 0 ? sinceMarchOfYearZero : sinceMarchOfYearZero - 146_096) / 146_097
        let dayOfEra = sinceMarchOfYearZero - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
