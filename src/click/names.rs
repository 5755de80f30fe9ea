//! The names of the fields.

/// Names of the nine fields, in CSV order.
pub const FIELD_NAMES: [&str; 9] =
    ["click_id", "user_id", "timestamp", "url", "country", "city", "browser", "os", "device"];
