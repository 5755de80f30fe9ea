//! Clickstreams that are known by their fields, each with the preset for it.

use super::stats::Fields;

/// A known clickstream.
struct Shape {
    preset: &'static str,
    /// What it is, as the beginning of a sentence.
    name: &'static str,
    /// Fields that all have to be there.
    fields: &'static [&'static str],
    /// Fields of which one has to be there; none if the list is empty.
    any: &'static [&'static str],
}

/// The known clickstreams. One that is more special stands before one that is less so.
const SHAPES: [Shape; 9] = [
    Shape {
        preset: "ga4",
        name: "This is an export of Google Analytics 4 from BigQuery",
        fields: &["event_name", "event_timestamp", "user_pseudo_id"],
        any: &["event_params[key=page_location].value.string_value"],
    },
    Shape {
        preset: "matomo",
        name: "This is the visitor log of Matomo",
        fields: &["idVisit", "visitorId", "actionDetails[].url", "actionDetails[].timestamp"],
        any: &[],
    },
    Shape {
        preset: "posthog",
        name: "This is an export of PostHog",
        fields: &["event", "distinct_id", "timestamp", "properties.$current_url"],
        any: &[],
    },
    Shape {
        preset: "segment",
        name: "These are events of Segment or RudderStack",
        fields: &["type", "messageId", "anonymousId"],
        any: &["context.page.url", "properties.url"],
    },
    Shape {
        preset: "snowplow_json",
        name: "These are enriched events of Snowplow as JSON",
        fields: &["event_id", "collector_tstamp", "page_url", "domain_userid"],
        any: &[],
    },
    Shape {
        preset: "caddy",
        name: "This is an access log of Caddy",
        fields: &["ts", "request.uri", "request.method", "request.host"],
        any: &["request.remote_ip", "request.client_ip", "request.remote_addr"],
    },
    Shape {
        preset: "traefik",
        name: "This is an access log of Traefik",
        fields: &["ClientHost", "RequestPath", "RequestMethod"],
        any: &["StartUTC", "StartLocal", "time"],
    },
    Shape {
        preset: "nginx_json",
        name: "This is an access log of NGINX as JSON",
        fields: &["remote_addr"],
        any: &["request_uri", "uri"],
    },
    Shape {
        preset: "rees46",
        name: "This is shop data of REES46",
        fields: &["event_time", "event_type", "product_id", "user_id"],
        any: &["user_session", "category_code", "category_id"],
    },
];

/// The columns of an enriched event of Snowplow, and where some of them stand, from 0.
const SNOWPLOW_COLUMNS: usize = 131;

/// The preset for the events with these fields, and what they are.
pub fn known(fields: &Fields) -> Option<(&'static str, &'static str)> {
    let has = |label: &&str| fields.named(label).is_some_and(|field| field.filled > 0);
    let shape = SHAPES
        .iter()
        .find(|shape| shape.fields.iter().all(has) && (shape.any.is_empty() || shape.any.iter().any(has)))?;
    Some((shape.preset, shape.name))
}

/// Whether records between tabs of this width are enriched events of Snowplow: the number of their columns is unusual, and the
/// id of the event is a UUID in the seventh.
pub fn is_snowplow(width: usize, seventh: &str) -> bool {
    width == SNOWPLOW_COLUMNS && uuid::Uuid::try_parse(seventh).is_ok()
}

/// The preset and the name of enriched events of Snowplow between tabs.
pub const SNOWPLOW: (&str, &str) = ("snowplow", "These are enriched events of Snowplow");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::preset_names;

    #[test]
    fn every_shape_leads_to_a_preset() {
        for preset in SHAPES.iter().map(|shape| shape.preset).chain([SNOWPLOW.0]) {
            assert!(preset_names().contains(&preset), "{preset}");
        }
    }
}
