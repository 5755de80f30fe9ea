//! Finds the country that the user means among those in the clicks.

use crate::text::{excerpt, printable};

/// The least similarity at which a name is suggested, as in clap.
const LIKENESS: f64 = 0.7;

/// The most names to suggest.
const OFFERED: usize = 3;

/// The rows that the user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The rows of every country.
    All,
    /// The rows of this country.
    One(String),
    /// No click names this country; these names are similar.
    None { typed: String, like: Vec<String> },
}

/// The one of `countries` that `typed` means: the same name, else the only name that differs in case alone.
pub(super) fn choose(typed: &str, countries: Vec<String>) -> Choice {
    if countries.iter().any(|name| name == typed) {
        return Choice::One(typed.to_owned());
    }
    let lower = typed.to_lowercase();
    let mut same: Vec<&String> = countries.iter().filter(|name| name.to_lowercase() == lower).collect();
    if let (Some(name), true) = (same.pop(), same.is_empty()) {
        return Choice::One(name.clone());
    }
    Choice::None { typed: typed.to_owned(), like: like(&lower, &countries) }
}

/// The names that are most similar to `lower`, which is in lower case.
fn like(lower: &str, countries: &[String]) -> Vec<String> {
    let likeness = |name: &String| {
        let name = name.to_lowercase();
        // Codes of two letters are similar if they share one letter; longer names if most letters are in place.
        strsim::jaro_winkler(lower, &name).max(strsim::normalized_damerau_levenshtein(lower, &name))
    };
    let mut like: Vec<(f64, &String)> =
        countries.iter().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness >= LIKENESS).collect();
    like.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
    like.into_iter().take(OFFERED).map(|(_, name)| name.clone()).collect()
}

impl Choice {
    /// Why there is nothing to print; `any` is true if there are clicks of other countries.
    pub(super) fn nothing(&self, any: bool) -> String {
        match self {
            _ if !any => "no clicks yet".to_owned(),
            Choice::All => "no clicks yet".to_owned(),
            Choice::One(name) => format!("no clicks of country `{}`", printable(name)),
            Choice::None { typed, like } => {
                let names: Vec<String> = like.iter().map(|name| format!("`{}`", excerpt(name, 60))).collect();
                let hint = if names.is_empty() {
                    "the clicks name none like it".to_owned()
                } else {
                    format!("did you mean {}?", names.join(" or "))
                };
                format!("no clicks of country `{}`; {hint}", excerpt(typed, 60))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(typed: &str, countries: &[&str]) -> Choice {
        choose(typed, countries.iter().map(|name| (*name).to_owned()).collect())
    }

    fn one(name: &str) -> Choice {
        Choice::One(name.to_owned())
    }

    #[test]
    fn any_case_will_do_but_the_same_name_comes_first() {
        assert_eq!(chosen("us", &["DE", "US"]), one("US"));
        assert_eq!(chosen("us", &["US", "us"]), one("us"));
        assert_eq!(chosen("île", &["ÎLE"]), one("ÎLE"));
        assert_eq!(chosen("日本", &["日本"]), one("日本"));
    }

    #[test]
    fn of_several_that_differ_in_case_alone_all_are_offered() {
        let Choice::None { like, .. } = chosen("uS", &["US", "us", "DE"]) else { panic!("one of two") };
        assert_eq!(like, ["US", "us"]);
    }

    #[test]
    fn what_is_near_is_offered_the_nearest_first() {
        let said = |typed: &str| chosen(typed, &["DE", "Germany", "United States", "US"]).nothing(true);
        assert_eq!(said("germny"), "no clicks of country `germny`; did you mean `Germany`?");
        assert_eq!(said("united state"), "no clicks of country `united state`; did you mean `United States`?");
        assert_eq!(said("xx"), "no clicks of country `xx`; the clicks name none like it");
        assert_eq!(chosen("usa", &["DE", "US"]).nothing(true), "no clicks of country `usa`; did you mean `US`?");
    }

    #[test]
    fn no_clicks_at_all_is_said_as_such_and_hostile_names_steer_nothing() {
        assert_eq!(chosen("us", &[]).nothing(false), "no clicks yet");
        assert_eq!(Choice::All.nothing(false), "no clicks yet");
        assert_eq!(one("US").nothing(true), "no clicks of country `US`");
        let said = chosen("a\u{1b}b", &["a\u{1b}c"]).nothing(true);
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}
