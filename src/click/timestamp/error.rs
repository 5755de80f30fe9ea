//! Why a text is not a time.

/// Why a text is not a [`Timestamp`](super::Timestamp). The message continues after the text: "`soon` is not a time".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// The text has none of the known forms.
    #[error(
        "is not a time: write RFC 3339 (2026-01-31T09:30:00.125Z), YYYY-MM-DD HH:MM:SS[.fff] (UTC), \
         or Unix seconds or milliseconds"
    )]
    Form,
    /// The form is known, but there is no such day, hour or offset.
    #[error(
        "is not a time of the calendar: check month, day, weekday, hour (24:00 is 00:00 of the next day), minute, second \
         and offset"
    )]
    Calendar,
    /// The time is outside the years 1 to 9999.
    #[error("is outside the years 1 to 9999")]
    Range,
    /// The unit of the number is not certain.
    #[error(
        "is not a Unix time: it has {digits} digits before the point instead of 10 (seconds), 13 (milliseconds), 16 (microseconds) \
         or 19 (nanoseconds); write other times like 2026-01-31T09:30:00Z"
    )]
    Digits {
        /// The number of digits before the point.
        digits: u64,
    },
    /// The number is a date without separators.
    #[error("is a date without separators, not a Unix time: write it like 2026-01-31T09:30:00Z or 20260131T093000Z")]
    Compact,
    /// The number is negative.
    #[error("is a negative number: write times before 1970 like 1969-12-31T23:59:59Z")]
    Negative,
    /// The number has an exponent, and too few digits for all of its value.
    #[error("has lost its last digits in the program that wrote it: write the number without an exponent")]
    Rounded,
    /// The text is a date without a time of day.
    #[error("is a date without a time: write the time as well, such as 2026-01-31T00:00:00Z for the start of the day")]
    DateOnly,
    /// Day and month are numbers before the year.
    #[error("has day and month in an unknown order: write the year first, 2026-01-31 09:30:00")]
    Order,
    /// The text is a week date.
    #[error("is a week date: write month and day, 2026-01-31T09:30:00Z")]
    Week,
    /// The time ends in a word other than UTC and GMT.
    #[error(
        "ends in a word that is neither UTC nor GMT: write the hour from 0 to 23, and Z or an offset such as +02:00"
    )]
    Zone,
    /// The offset has the typographic minus, U+2212.
    #[error("has a minus sign that is not ASCII: write the offset with a hyphen, -05:00")]
    Minus,
    /// The time has no offset, where one is asked for.
    #[error("has no offset: write Z or an offset such as +02:00 behind it")]
    NoOffset,
}
