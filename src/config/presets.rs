//! The presets: mappings of well-known clickstreams, each a file in the language of `[events]`.

/// The names of all presets, in the order in which they are listed.
pub(super) const NAMES: [&str; 13] = [
    "nine",
    "combined",
    "w3c",
    "segment",
    "snowplow",
    "snowplow_json",
    "ga4",
    "matomo",
    "posthog",
    "rees46",
    "nginx_json",
    "caddy",
    "traefik",
];

const TEXTS: [&str; NAMES.len()] = [
    include_str!("presets/nine.toml"),
    include_str!("presets/combined.toml"),
    include_str!("presets/w3c.toml"),
    include_str!("presets/segment.toml"),
    include_str!("presets/snowplow.toml"),
    include_str!("presets/snowplow_json.toml"),
    include_str!("presets/ga4.toml"),
    include_str!("presets/matomo.toml"),
    include_str!("presets/posthog.toml"),
    include_str!("presets/rees46.toml"),
    include_str!("presets/nginx_json.toml"),
    include_str!("presets/caddy.toml"),
    include_str!("presets/traefik.toml"),
];

/// The preset of clicktop's own nine fields.
pub(super) const NINE: &str = NAMES[0];

/// The preset of access logs in the combined format.
pub(super) const COMBINED: &str = NAMES[1];

/// The preset of W3C extended logs.
pub(super) const W3C: &str = NAMES[2];

/// The names of the presets.
pub fn preset_names() -> &'static [&'static str] {
    &NAMES
}

/// The preset `name` as its file holds it, a table `[events]` under a comment that says where its form is described.
pub fn preset_text(name: &str) -> Option<&'static str> {
    NAMES.iter().zip(TEXTS).find(|(known, _)| **known == name).map(|(_, text)| text)
}

/// The preset of this name as the list of names holds it, for an origin.
pub(super) fn known(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}
