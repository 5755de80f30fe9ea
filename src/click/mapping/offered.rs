//! Whether a schema offers the values that a mapping cannot do without.

use super::compile::CompiledMapping;
use super::names::Name;
use super::path::{Part, Path};
use super::plan::SETTINGS;
use super::source::Origin;
use crate::click::fields::Field;

/// What a schema offers at one place: a value that may have members or elements.
pub trait Offered: Sized {
    /// The member with this name.
    fn member(&self, name: &str) -> Option<Self>;

    /// An element.
    fn element(&self) -> Option<Self>;
}

/// A value that the mapping needs, and the schema does not offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// What is missing, as the mapping names it.
    pub name: Box<str>,
    /// The setting that names it.
    pub setting: Box<str>,
}

impl CompiledMapping {
    /// The first value that no click can do without, if nothing under `offered` has its path.
    pub fn lacking(&self, offered: &impl Offered) -> Option<Lacking> {
        let plan = &self.plan;
        let has = |slot| match plan.names.get(slot).map(|wanted| &wanted.name) {
            Some(Name::Text(text)) => Path::read(text).is_ok_and(|path| has_path(offered, &path)),
            Some(Name::Number(_)) | None => false,
        };
        Field::REQUIRED.into_iter().find_map(|field| {
            let slot = lacks(plan.fields[field as usize].as_ref()?, &has)?;
            Some(Lacking { name: plan.names.shown(slot).into(), setting: SETTINGS[field as usize].into() })
        })
    }
}

/// The first slot of a source that can have no text, if `has` tells what is there.
fn lacks(origin: &Origin, has: &impl Fn(u16) -> bool) -> Option<u16> {
    match origin {
        Origin::Slot(slot) => (!has(*slot)).then_some(*slot),
        Origin::Constant(_) => None,
        Origin::First(parts) | Origin::Join { parts, .. } | Origin::Hash(parts) => {
            let mut lacking = parts.iter().map(|part| lacks(part, has));
            let first = lacking.next().flatten();
            if lacking.all(|lacks| lacks.is_some()) { first } else { None }
        }
    }
}

/// The first of clicktop's own required fields that nothing under `offered` has, by any of its names.
pub fn lacking_of_nine(offered: &impl Offered) -> Option<Lacking> {
    const NAMES: [(&str, &[&str]); 4] = [
        ("click_id", &["click_id", "row_key"]),
        ("user_id", &["user_id", "click_data.user_id"]),
        ("timestamp", &["timestamp", "click_data.timestamp"]),
        ("url", &["url", "click_data.url"]),
    ];
    let has = |text: &&str| Path::read(text).is_ok_and(|path| has_path(offered, &path));
    let lacking = NAMES.into_iter().find(|(_, names)| !names.iter().any(has));
    lacking.map(|(name, _)| Lacking { name: name.into(), setting: format!("events.{name}").into() })
}

fn has_path(offered: &impl Offered, path: &Path) -> bool {
    let mut parts = path.0.iter();
    let Some(first) = parts.next() else { return true };
    let step = |from: &_, part: &Part| match part {
        Part::Member(name) => Offered::member(from, name),
        Part::Index(_) | Part::Where { .. } | Part::Each => Offered::element(from),
    };
    let Some(mut at) = step(offered, first) else { return false };
    for part in parts {
        match step(&at, part) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::click::mapping::{Fields, Form, Mapping, Source};

    struct Example<'a>(&'a Value);

    impl Offered for Example<'_> {
        fn member(&self, name: &str) -> Option<Self> {
            self.0.get(name).map(Self)
        }

        fn element(&self) -> Option<Self> {
            self.0.get(0).map(Self)
        }
    }

    fn field(name: &str) -> Option<Source> {
        Some(Source::Field(name.to_owned()))
    }

    #[test]
    fn the_first_value_that_no_click_can_do_without_is_named_with_its_setting() {
        let user = Source::First(vec![Source::Field("login".to_owned()), Source::Field("ids[0].id".to_owned())]);
        let mapping = Mapping {
            form: Form::Json,
            fields: Fields {
                user_id: Some(user),
                timestamp: field("at"),
                url: field("page.url"),
                city: field("no.such"),
                ..Fields::default()
            },
            ..Mapping::default()
        };
        let mapping = mapping.compile().unwrap();
        let lacking = |schema: Value| mapping.lacking(&Example(&schema)).map(|lacking| lacking.to_owned());
        assert_eq!(lacking(json!({"ids": [{"id": 1}], "at": 1, "page": {"url": 1}})), None);
        assert_eq!(lacking(json!({"login": 1, "at": 1, "page": {"url": 1}})), None, "one of several sources is enough");
        let named = lacking(json!({"login": 1, "at": 1, "page": {}})).unwrap();
        assert_eq!((&*named.name, &*named.setting), ("page.url", "events.url"));
        assert_eq!(&*lacking(json!({"at": 1, "page": {"url": 1}})).unwrap().name, "login");
    }

    #[test]
    fn the_nine_fields_may_be_flat_or_nested() {
        let lacking = |schema: Value| lacking_of_nine(&Example(&schema)).map(|lacking| lacking.name.to_string());
        assert_eq!(lacking(json!({"click_id": 1, "user_id": 1, "timestamp": 1, "url": 1})), None);
        let nested = json!({"row_key": 1, "click_data": {"user_id": 1, "timestamp": 1, "url": 1}});
        assert_eq!(lacking(nested), None);
        assert_eq!(lacking(json!({"click_id": 1, "user_id": 1, "url": 1})).as_deref(), Some("timestamp"));
    }
}
