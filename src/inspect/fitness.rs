//! How well a field of the events fits a field of a click: by its name and by its values.

use super::aliases::{Target, fit, is_other};
use super::kinds::Kind;
use super::stats::{Field, Fields};
use super::times::pattern_of;
use crate::text::plural;
use crate::world::locate;

/// A field that may be the wanted one.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The field.
    pub field: &'a Field,
    /// How well it fits; only a comparison with others means anything.
    pub score: f64,
    /// Why it fits.
    pub why: String,
}

/// Fields whose values alone say what they are score so much.
const BY_VALUES: f64 = 0.3;

/// Every field that may be `target`, in the order of the fields.
pub fn candidates(target: Target, fields: &Fields) -> Vec<Candidate<'_>> {
    let are_unnamed = fields.iter().all(|field| field.label.starts_with("column "));
    let filled = fields.iter().filter(|field| field.filled > 0);
    filled.filter_map(|field| candidate(target, field, are_unnamed)).collect()
}

fn candidate(target: Target, field: &Field, are_unnamed: bool) -> Option<Candidate<'_>> {
    let name = fit(target, &field.label);
    if name == 0.0 && is_other(target, &field.label) {
        return None;
    }
    let (score, why) = match target {
        Target::Url => url(name, field),
        Target::Time => time(name, field, are_unnamed),
        Target::User => user(name, field, are_unnamed),
        Target::ClickId => click_id(name, field),
        Target::Country => country(name, field),
        Target::Ip => of_kind(name, field, Kind::Address, "addresses"),
        Target::Agent => agent(name, field),
        Target::City | Target::Browser | Target::Os | Target::Device => text(target, name, field),
    }?;
    Some(Candidate { field, score, why })
}

type Fit = Option<(f64, String)>;

/// What the values are, for a reason.
fn named(name: f64, values: String) -> String {
    if name > 0.0 { format!("its name; {values}") } else { values }
}

fn url(name: f64, field: &Field) -> Fit {
    let (urls, paths) = (field.share(&[Kind::Url]), field.share(&[Kind::Path]));
    let values = if urls >= paths { "urls" } else { "paths" };
    let different = format!("{} different {values}", count(field.distinct));
    match () {
        () if urls + paths >= 0.5 && name > 0.0 => Some((1.0 + name, named(name, different))),
        () if urls + paths >= 0.9 => Some((BY_VALUES + 0.1 * urls, named(name, different))),
        // Names of pages and screens stand for their urls.
        () if name > 0.0 && field.kind() == Kind::Text && names_a_page(&field.label) => {
            Some((name / 2.0, format!("its name; {} different names of pages", count(field.distinct))))
        }
        () => None,
    }
}

fn names_a_page(label: &str) -> bool {
    let last = label.rsplit('.').next().unwrap_or(label).to_lowercase();
    ["page", "screen", "url", "uri"].iter().any(|word| last.contains(word))
}

fn time(name: f64, field: &Field, are_unnamed: bool) -> Fit {
    let (times, unix) = (field.share(&[Kind::Time]), field.share(&[Kind::UnixTime]));
    let example = field.values.first().map_or("", String::as_str);
    match pattern_of(&field.values) {
        _ if times + unix >= 0.9 && name > 0.0 => Some((1.0 + name, format!("its name; times such as {example}"))),
        _ if times >= 0.9 => Some((BY_VALUES, format!("times such as {example}"))),
        // Where names could tell, a number of ten digits is more often an id.
        _ if unix >= 0.9 && are_unnamed => Some((BY_VALUES / 2.0, format!("unix times such as {example}"))),
        Some((pattern, either)) if times + unix < 0.5 => {
            let doubt = if either { "; days may be months: no value tells" } else { "" };
            Some((BY_VALUES + name, format!("times in the form {pattern}{doubt}")))
        }
        _ => None,
    }
}

/// `3 different in 1,000 events`
fn different(field: &Field) -> String {
    let events = plural(field.filled, "event", "events");
    format!("{} different in {} {events}", count(field.distinct), count(field.filled))
}

fn user(name: f64, field: &Field, are_unnamed: bool) -> Fit {
    let is_id =
        !matches!(field.kind(), Kind::Truth | Kind::Time | Kind::Url | Kind::Path | Kind::Agent | Kind::Country);
    let different = different(field);
    // Users come again; a field with one value only tells nothing, and one that never repeats is an id of something else.
    let comes_again = field.distinct < field.seen;
    let is_one = field.distinct == 1 && field.seen > 20;
    match () {
        () if !is_id || is_one => None,
        () if name > 0.0 => {
            let repeats = if comes_again || field.seen < 20 { 0.0 } else { -0.3 };
            Some((1.0 + name + repeats, format!("its name; {different}")))
        }
        () if are_unnamed && comes_again && field.distinct * 100 > field.seen && field.share(&[Kind::Number]) < 0.5 => {
            Some((
                BY_VALUES * field.distinct as f64 / field.seen as f64,
                format!("values that come again: {different}"),
            ))
        }
        () => None,
    }
}

fn click_id(name: f64, field: &Field) -> Fit {
    let is_uuid = field.share(&[Kind::Uuid]) >= 0.95;
    // A stream may hold an event twice.
    let nearly = field.distinct * 10 >= field.seen * 9 && field.seen > 1;
    let different = different(field);
    match () {
        () if name > 0.0 && nearly => Some((1.0 + name, format!("its name; {different}"))),
        () if is_uuid && field.is_unique() => Some((BY_VALUES, format!("uuids, {different}"))),
        () => None,
    }
}

fn country(name: f64, field: &Field) -> Fit {
    let located = field.values.iter().filter(|value| locate(value).is_some()).count();
    let known = located as f64 / field.values.len().max(1) as f64;
    let are_codes = field.values.iter().all(|value| value.len() == 2);
    let bonus = if are_codes { 0.5 } else { 0.0 };
    let shown = format!("{} of {} different values are countries", count(located), count(field.values.len()));
    match () {
        () if name > 0.0 && known >= 0.5 => Some((1.0 + name + bonus, format!("its name; {shown}"))),
        () if field.share(&[Kind::Country]) >= 0.95 && field.distinct > 1 => Some((BY_VALUES, shown)),
        () => None,
    }
}

fn of_kind(name: f64, field: &Field, kind: Kind, values: &str) -> Fit {
    match field.share(&[kind]) {
        share if share >= 0.9 => {
            Some((BY_VALUES + name, named(name, format!("{} different {values}", count(field.distinct)))))
        }
        _ => None,
    }
}

fn agent(name: f64, field: &Field) -> Fit {
    let has_versions = || field.values.iter().filter(|value| value.contains('/')).count() * 2 > field.values.len();
    let shown = format!("{} different user agents", count(field.distinct));
    match field.share(&[Kind::Agent]) {
        share if share >= 0.8 => Some((BY_VALUES + name, named(name, shown))),
        _ if name > 0.0 && field.kind() == Kind::Text && has_versions() => Some((name, format!("its name; {shown}"))),
        _ => None,
    }
}

/// Words that values of a field have; without them, its name alone does not say enough.
const SYSTEMS: [&str; 9] = ["win", "mac", "ios", "android", "linux", "ubuntu", "chrome", "os x", "fire"];

fn text(target: Target, name: f64, field: &Field) -> Fit {
    let is_text = matches!(field.kind(), Kind::Text | Kind::Country);
    let few = field.distinct <= 50.max(field.seen / 5);
    let is_system = |value: &String| SYSTEMS.iter().any(|word| value.to_lowercase().contains(word));
    let fits = match target {
        Target::Os => few && field.values.iter().any(is_system),
        Target::City => true,
        _ => few,
    };
    let shown = match target {
        Target::City => format!("its name; {} different", count(field.distinct)),
        _ => format!("its name; {}", examples(field)),
    };
    (name > 0.0 && is_text && fits).then_some((name, shown))
}

fn examples(field: &Field) -> String {
    field.values.iter().take(3).cloned().collect::<Vec<_>>().join(", ")
}

/// `number` with commas between thousands.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
