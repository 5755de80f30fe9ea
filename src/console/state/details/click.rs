//! The details of a click.

use super::content::{Details, Tone};
use crate::protocol::board::RecentClick;

/// Every field that is known of the click.
pub(super) fn details(click: &RecentClick) -> Details {
    let mut details = Details::new("click");
    details.fact("url", click.url.clone(), Tone::Plain);
    details.fact("time", click.timestamp.to_string(), Tone::Plain);
    details.fact("user", click.user_id.clone(), Tone::Plain);
    details.fact("country", click.country.clone(), Tone::Plain);
    details.fact("city", click.city.clone(), Tone::Plain);
    details
}
