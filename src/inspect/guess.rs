//! Guesses which field of the events is which field of a click, by names, values and how often values come.

use super::aliases::{Target, fit};
use super::fitness::{Candidate, candidates};
use super::kinds::Kind;
use super::stats::{Field, Fields};
use super::times::pattern_of;
use crate::click::Timestamp;
use crate::click::mapping::{Condition, Mapping, Source, Test, TimeForm};

/// A guessed mapping.
#[derive(Clone, Debug, Default)]
pub struct Guess {
    /// The mapping, without its form.
    pub mapping: Mapping,
    /// Why each of its parts is there, in the order of the settings.
    pub reasons: Vec<Reason>,
    /// The required fields that none of the events' fields can be.
    pub missing: Vec<Target>,
}

/// Why a part of a mapping is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The setting in `[events]`.
    pub setting: &'static str,
    /// What it names, for people.
    pub from: String,
    /// Why.
    pub why: String,
}

/// The parts of a known mapping, each with how many events have it.
pub fn parts_of(mapping: &Mapping, fields: &Fields) -> Vec<Reason> {
    let of = &mapping.fields;
    let sources = [
        &of.click_id,
        &of.user_id,
        &of.timestamp,
        &of.url,
        &of.country,
        &of.city,
        &of.browser,
        &of.os,
        &of.device,
        &of.ip,
        &of.user_agent,
    ];
    let part = |(target, source): (Target, &Option<Source>)| {
        let source = source.as_ref()?;
        let why = match filled(source, fields) {
            Some(filled) => format!("filled in {} of the events", percent(filled, fields.events)),
            None => "always".to_owned(),
        };
        Some(Reason { setting: target.setting(), from: describe(source), why })
    };
    let mut parts: Vec<Reason> = Target::ALL.into_iter().zip(sources).filter_map(part).collect();
    parts.extend(mapping.conditions.iter().map(|condition| {
        let field = describe(&condition.field);
        let from = match &condition.test {
            Test::Is(words) => format!("{field} is {}", words.join(" or ")),
            Test::IsNot(words) => format!("{field} is not {}", words.join(" or ")),
            Test::Exists(true) => format!("{field} is there"),
            Test::Exists(false) => format!("{field} is not there"),
        };
        Reason { setting: "where", from, why: "other events are left out".to_owned() }
    }));
    parts
}

/// The events in which a source gives something, or at most so many; `None` for a constant.
fn filled(source: &Source, fields: &Fields) -> Option<usize> {
    let named = |label: &str| fields.named(label).map_or(0, |field| field.filled);
    match source {
        Source::Field(name) => Some(named(name)),
        Source::Column(number) => Some(named(&format!("column {number}"))),
        Source::Constant(_) => None,
        Source::First(parts) => parts.iter().map(|part| filled(part, fields)).max().flatten(),
        Source::Join { parts, .. } | Source::Hash(parts) => parts.iter().filter_map(|part| filled(part, fields)).max(),
    }
}

/// A source in words.
fn describe(source: &Source) -> String {
    let all = |parts: &[Source], with: &str| parts.iter().map(describe).collect::<Vec<_>>().join(with);
    match source {
        Source::Field(name) => name.clone(),
        Source::Column(number) => format!("column {number}"),
        Source::First(parts) => all(parts, ", else "),
        Source::Constant(text) => format!("\"{text}\""),
        Source::Join { parts, .. } => all(parts, " and "),
        Source::Hash(parts) => format!("hash of {}", all(parts, " and ")),
    }
}

/// The order in which targets choose their fields: first those that values tell best.
const ORDER: [Target; 11] = [
    Target::Time,
    Target::Agent,
    Target::Ip,
    Target::Url,
    Target::Country,
    Target::City,
    Target::Browser,
    Target::Os,
    Target::Device,
    Target::User,
    Target::ClickId,
];

/// Guesses a mapping of events with these fields.
pub fn guess(fields: &Fields) -> Guess {
    let mut chosen: Vec<(Target, Vec<Candidate<'_>>)> = Vec::new();
    for target in ORDER {
        let taken = |field: &Field| chosen.iter().flat_map(|(_, of)| of).any(|other| other.field.label == field.label);
        let found: Vec<Candidate<'_>> =
            candidates(target, fields).into_iter().filter(|found| !taken(found.field)).collect();
        let found = first_of(target, found, fields.events);
        if !found.is_empty() {
            chosen.push((target, found));
        }
    }
    let mut guess = Guess::default();
    for target in Target::ALL {
        match chosen.iter().find(|(of, _)| *of == target) {
            Some((_, found)) => guess.take(target, found, fields.events),
            None => guess.do_without(target, &chosen, fields),
        }
    }
    guess.condition(fields);
    guess
}

/// The best candidate; if some events lack it, also those that more events have.
fn first_of<'a>(target: Target, mut found: Vec<Candidate<'a>>, events: usize) -> Vec<Candidate<'a>> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let may_be_several = matches!(target, Target::User | Target::Time | Target::Url);
    let mut kept: Vec<Candidate<'a>> = Vec::new();
    for candidate in found {
        let most = kept.iter().map(|kept| kept.field.filled).max().unwrap_or(0);
        let adds = candidate.field.filled > most && most < events;
        if kept.is_empty() || (may_be_several && adds && kept.len() < 3) {
            kept.push(candidate);
        }
    }
    kept
}

impl Guess {
    fn take(&mut self, target: Target, found: &[Candidate<'_>], events: usize) {
        let sources: Vec<Source> = found.iter().map(|candidate| candidate.field.source.clone()).collect();
        let source = match <[Source; 1]>::try_from(sources) {
            Ok([one]) => one,
            Err(several) => Source::First(several),
        };
        let labels: Vec<&str> = found.iter().map(|candidate| candidate.field.label.as_str()).collect();
        let why = match found {
            [one] => one.why.clone(),
            _ => {
                let share = |candidate: &Candidate<'_>| percent(candidate.field.filled, events);
                let shares: Vec<String> = found.iter().map(share).collect();
                format!("the first that is filled ({})", shares.join(", "))
            }
        };
        if target == Target::Time {
            self.time_form(found);
        }
        self.set(target, source, labels.join(", else "), why);
    }

    fn set(&mut self, target: Target, source: Source, from: String, why: String) {
        let fields = &mut self.mapping.fields;
        let slot = match target {
            Target::ClickId => &mut fields.click_id,
            Target::User => &mut fields.user_id,
            Target::Time => &mut fields.timestamp,
            Target::Url => &mut fields.url,
            Target::Country => &mut fields.country,
            Target::City => &mut fields.city,
            Target::Browser => &mut fields.browser,
            Target::Os => &mut fields.os,
            Target::Device => &mut fields.device,
            Target::Ip => &mut fields.ip,
            Target::Agent => &mut fields.user_agent,
        };
        *slot = Some(source);
        self.reasons.push(Reason { setting: target.setting(), from, why });
    }

    /// Sets the pattern of times that clicktop does not read by itself.
    fn time_form(&mut self, found: &[Candidate<'_>]) {
        let unread = found.iter().find(|candidate| candidate.field.share(&[Kind::Time, Kind::UnixTime]) < 0.5);
        if let Some((pattern, _)) = unread.and_then(|candidate| pattern_of(&candidate.field.values)) {
            self.mapping.time = TimeForm::Pattern(pattern.to_owned());
        }
    }

    /// Finds another way to a field that no field of the events is.
    fn do_without(&mut self, target: Target, chosen: &[(Target, Vec<Candidate<'_>>)], fields: &Fields) {
        let of = |target: Target| {
            let found = chosen.iter().find(|(of, _)| *of == target);
            found.and_then(|(_, found)| found.first()).map(|candidate| candidate.field)
        };
        match target {
            Target::User => match (of(Target::Ip), of(Target::Agent)) {
                (Some(ip), agent) => {
                    let parts: Vec<&Field> = [Some(ip), agent].into_iter().flatten().collect();
                    let labels: Vec<&str> = parts.iter().map(|field| field.label.as_str()).collect();
                    let sources = parts.iter().map(|field| field.source.clone()).collect();
                    let why = "no field names users, so those with the same address count as one".to_owned();
                    self.set(target, Source::Hash(sources), format!("hash of {}", labels.join(" and ")), why);
                }
                (None, _) => self.missing.push(target),
            },
            Target::Time => match date_and_time(fields) {
                Some((date, time)) => {
                    let parts = vec![date.source.clone(), time.source.clone()];
                    let from = format!("{} and {}", date.label, time.label);
                    let source = Source::Join { parts, with: " ".to_owned() };
                    self.set(target, source, from, "a date and a time of day".to_owned());
                }
                None => self.missing.push(target),
            },
            Target::Url => match viewed_product(fields) {
                Some(product) => {
                    let parts = vec![Source::Constant(PRODUCT.to_owned()), product.source.clone()];
                    let source = Source::Join { parts, with: String::new() };
                    let why = "no field is a url, and views of a product are those of its page".to_owned();
                    self.set(target, source, format!("{PRODUCT} and {}", product.label), why);
                }
                None => self.missing.push(target),
            },
            Target::ClickId => {
                let why = "no field is an id; clicktop derives one from the place of each event".to_owned();
                self.reasons.push(Reason { setting: target.setting(), from: "none".to_owned(), why });
            }
            _ => {}
        }
    }

    /// If a field says what kind of event it is, only page views and clicks are taken.
    fn condition(&mut self, fields: &Fields) {
        let Some((field, wanted)) = views(fields).filter(|(field, wanted)| wanted.len() < field.distinct) else {
            return;
        };
        let from = format!("{} is {}", field.label, wanted.join(" or "));
        let why = format!("of {} kinds of events, these are page views or clicks", field.distinct);
        self.mapping.conditions.push(Condition { field: field.source.clone(), test: Test::Is(wanted) });
        self.reasons.push(Reason { setting: "where", from, why });
    }
}

/// The field that says what kind of event it is, and its values for page views and clicks.
fn views(fields: &Fields) -> Option<(&Field, Vec<String>)> {
    fields.iter().find_map(|field| {
        let wanted: Vec<String> = field.values.iter().filter(|value| is_view(value)).cloned().collect();
        let is_kind = KINDS.contains(&last_name(&field.label).as_str()) && field.distinct <= 100;
        (is_kind && !wanted.is_empty()).then_some((field, wanted))
    })
}

/// Before the id of a product in the url that stands for its page.
const PRODUCT: &str = "/product/";

/// The field with the product of a view.
fn viewed_product(fields: &Fields) -> Option<&Field> {
    const NAMES: [&str; 5] = ["productid", "itemid", "articleid", "contentid", "sku"];
    views(fields)?;
    fields.iter().find(|field| NAMES.contains(&last_name(&field.label).as_str()) && field.filled * 2 > fields.events)
}

/// Usual names of the field that says what kind of event it is.
const KINDS: [&str; 8] = ["type", "event", "eventtype", "eventname", "action", "hittype", "activity", "eventaction"];

/// Kinds of events that are page views or clicks.
const VIEWS: [&str; 14] = [
    "page",
    "pageview",
    "pageviewed",
    "viewpage",
    "pageload",
    "view",
    "viewed",
    "screen",
    "screenview",
    "pv",
    "visit",
    "click",
    "pageclick",
    "productview",
];

fn is_view(value: &str) -> bool {
    VIEWS.contains(&letters(value).as_str())
}

fn last_name(label: &str) -> String {
    letters(label.rsplit('.').next().unwrap_or(label))
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A field with dates and one with times of day that are a time together.
fn date_and_time(fields: &Fields) -> Option<(&Field, &Field)> {
    let named = |name: &str| fields.iter().find(|field| last_name(&field.label).ends_with(name) && field.filled > 0);
    let (date, time) = (named("date")?, named("time")?);
    let joined = format!("{} {}", date.values.first()?, time.values.first()?);
    (fit(Target::Time, &time.label) > 0.0 && joined.parse::<Timestamp>().is_ok()).then_some((date, time))
}

/// `part` of `whole` in percent; a part that is not all of it is at most 99 %.
pub fn percent(part: usize, whole: usize) -> String {
    match (part * 100).checked_div(whole) {
        Some(0) if part > 0 => "<1 %".to_owned(),
        Some(percent) => format!("{percent} %"),
        None => "0 %".to_owned(),
    }
}
