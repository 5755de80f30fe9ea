//! Checks a mapping and compiles it.

use std::sync::Arc;

use super::access_log::{self, Line};
use super::clock::Clock;
use super::columns::Columns;
use super::condition::{self, Condition};
use super::error::MappingError;
use super::model::{Form, Mapping, Query, Source};
use super::names::{Name, Names};
use super::plan::{ADDRESS_SETTING, AGENT_SETTING, Plan, SETTINGS, Shape};
use super::separated::Separated;
use super::source::Origin;
use super::url_rules;
use super::visitor::EnrichmentSource;
use crate::click::FIELD_NAMES;
use crate::click::fields::{EXCERPT_CHARS, Field};
use crate::text::excerpt;

/// The deepest nesting of sources in one another.
const MAX_NESTING: usize = 16;

/// What is read of the visitor of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VisitorReads {
    /// The address.
    pub(crate) address: bool,
    /// The user agent.
    pub(crate) agent: bool,
}

/// A mapping that is checked and compiled. A clone shares it.
#[derive(Clone, Debug)]
pub struct CompiledMapping {
    pub(super) plan: Arc<Plan>,
    /// What addresses and user agents mean.
    pub(super) enrichment: Option<Arc<dyn EnrichmentSource>>,
}

impl CompiledMapping {
    /// How many digits of a second the unit of times has, if `events.time_form` says that they are Unix times: 3 for milliseconds.
    pub fn unix_digits(&self) -> Option<u8> {
        match &self.plan.clock {
            Clock::Unix { digits, .. } => Some(*digits),
            _ => None,
        }
    }
}

#[cfg(feature = "spark")]
impl CompiledMapping {
    /// What a decoder needs to know of it.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Mapping {
    /// Checks and compiles the mapping.
    ///
    /// # Errors
    /// [`MappingError`] names the setting and says what to change.
    pub fn compile(&self) -> Result<CompiledMapping, MappingError> {
        self.compile_with(None)
    }

    /// The same for decoders that also read addresses and user agents, if `enrichment` knows what they mean.
    ///
    /// # Errors
    /// [`MappingError`] names the setting.
    pub fn compile_with(&self, enrichment: Option<Arc<dyn EnrichmentSource>>) -> Result<CompiledMapping, MappingError> {
        let reads = |reads: fn(&dyn EnrichmentSource) -> bool| enrichment.as_deref().is_some_and(reads);
        let reads = VisitorReads {
            address: reads(|source| source.reads_address()),
            agent: reads(|source| source.reads_agent()),
        };
        Ok(CompiledMapping { plan: Arc::new(self.plan(reads)?), enrichment })
    }

    /// The same for an engine that knows by itself what addresses and user agents mean.
    ///
    /// # Errors
    /// [`MappingError`] names the setting.
    #[cfg(feature = "spark")]
    pub(crate) fn compile_reading(&self, reads: VisitorReads) -> Result<CompiledMapping, MappingError> {
        Ok(CompiledMapping { plan: Arc::new(self.plan(reads)?), enrichment: None })
    }

    fn plan(&self, reads: VisitorReads) -> Result<Plan, MappingError> {
        let separator = self.separator()?;
        let mut builder = Builder { form: self.form, names: Names::default(), constant_bytes: 0 };
        let sources = &self.fields;
        let sources: [&Option<Source>; FIELD_NAMES.len()] = [
            &sources.click_id,
            &sources.user_id,
            &sources.timestamp,
            &sources.url,
            &sources.country,
            &sources.city,
            &sources.browser,
            &sources.os,
            &sources.device,
        ];
        let mut fields = [const { None }; FIELD_NAMES.len()];
        let mut described: [Box<str>; FIELD_NAMES.len()] = std::array::from_fn(|_| Box::default());
        for (field, source) in Field::ALL.into_iter().zip(sources) {
            let setting = SETTINGS[field as usize];
            let Some(source) = source else {
                if Field::REQUIRED.contains(&field) && field != Field::ClickId {
                    return Err(missing(field, setting));
                }
                continue;
            };
            fields[field as usize] = Some(builder.origin(source, setting, 0)?);
            described[field as usize] = describe(source).into_boxed_str();
        }
        let mut conditions = Vec::with_capacity(self.conditions.len());
        for one in &self.conditions {
            let field = builder.origin(&one.field, condition::SETTING, 0)?;
            conditions.push(Condition { field, test: one.test.clone() });
        }
        builder.check_id(fields[Field::ClickId as usize].as_ref())?;
        let mut visitor = |source: &Option<Source>, setting, is_read: bool| match source {
            Some(source) if is_read => builder.origin(source, setting, 0).map(Some),
            _ => Ok(None),
        };
        let address = visitor(&self.fields.ip, ADDRESS_SETTING, reads.address)?;
        let agent = visitor(&self.fields.user_agent, AGENT_SETTING, reads.agent)?;
        let Builder { names, constant_bytes, .. } = builder;
        // What nothing reads is checked all the same.
        let mut unused = Builder { form: self.form, names: Names::default(), constant_bytes: 0 };
        for (source, setting) in [(&self.fields.ip, ADDRESS_SETTING), (&self.fields.user_agent, AGENT_SETTING)] {
            if let Some(source) = source {
                unused.origin(source, setting, 0)?;
            }
        }
        self.check_query()?;
        let shape = match self.form {
            Form::Auto => Shape::Either(separator),
            Form::Csv | Form::Tsv => Shape::Separated(separator),
            Form::Json => Shape::Json,
            Form::W3c => Shape::W3c,
            Form::Combined => Shape::Log(Line::compile(&names)),
        };
        let mut plan = Plan {
            shape,
            names,
            fields,
            described,
            address,
            agent,
            conditions: conditions.into_boxed_slice(),
            clock: Clock::compile(&self.time, self.time_zone.as_deref())?,
            url_rules: (!url_rules::change_nothing(&self.url_rules)).then(|| self.url_rules.clone()),
            columns: None,
            constant_bytes,
        };
        plan.columns = self.columns_of(&plan)?;
        Ok(plan)
    }

    /// How fields are separated.
    fn separator(&self) -> Result<Separated, MappingError> {
        let wrong = |reason: &str| Err(MappingError::new("events.separator", reason));
        match (self.form, self.separator) {
            (Form::Csv, Some(sign)) => match u8::try_from(sign) {
                Ok(b'"' | b'\r' | b'\n') => {
                    wrong("a quote or a line end cannot separate fields; write another character")
                }
                Ok(separator) if separator.is_ascii() => Ok(Separated { separator, quotes: true, dash: false }),
                _ => wrong("only an ASCII character can separate fields, such as ; or |"),
            },
            (Form::Tsv, None | Some('\t')) => Ok(Separated { separator: b'\t', quotes: false, dash: false }),
            (Form::Tsv, Some(_)) => wrong("a tab separates the fields of tsv; set events.form to csv for another one"),
            (Form::Csv | Form::Auto, None) | (Form::Auto, Some(',')) => {
                Ok(Separated { separator: b',', quotes: true, dash: false })
            }
            (_, None) => Ok(Separated { separator: b' ', quotes: false, dash: true }),
            (_, Some(_)) => wrong("only CSV has a separator; set events.form to csv, or remove the separator"),
        }
    }

    /// The columns that are known without a header.
    fn columns_of(&self, plan: &Plan) -> Result<Option<Columns>, MappingError> {
        let has_columns = matches!(plan.shape, Shape::Either(_) | Shape::Separated(_) | Shape::W3c);
        if self.columns.is_empty() {
            return Ok(Columns::by_number(&plan.names).filter(|_| has_columns));
        }
        if !has_columns {
            let reason = "JSON and access logs have no columns; remove it, or set events.form to csv, tsv or w3c";
            return Err(MappingError::new("events.columns", reason));
        }
        let columns: Vec<&str> = self.columns.iter().map(|name| name.trim()).collect();
        Columns::of_setting(&plan.names, &columns, plan.origins()).map(Some)
    }

    fn check_query(&self) -> Result<(), MappingError> {
        let Query::Only(names) = &self.url_rules.query else { return Ok(()) };
        match names.iter().find(|name| name.is_empty() || name.contains(['&', '=', '?', '#'])) {
            Some(name) => {
                let name = excerpt(name, EXCERPT_CHARS);
                let reason = format!("`{name}` is not the name of a parameter: write it without ?, &, = and #");
                Err(MappingError::new("events.url_query", reason))
            }
            None => Ok(()),
        }
    }
}

fn missing(field: Field, setting: &str) -> MappingError {
    let reason = match field {
        Field::UserId => "name where the user comes from, such as user_id = \"userId\"",
        Field::Timestamp => "name where the time comes from, such as timestamp = \"time\"",
        _ => "name where the url comes from, such as url = \"page.url\"",
    };
    MappingError::new(setting, reason)
}

struct Builder {
    form: Form,
    names: Names,
    constant_bytes: usize,
}

impl Builder {
    fn origin(&mut self, source: &Source, setting: &str, nesting: usize) -> Result<Origin, MappingError> {
        let wrong = |reason: &str| Err(MappingError::new(setting, reason));
        if nesting > MAX_NESTING {
            return wrong("its sources nest deeper than 16 levels");
        }
        let mut origins = |sources: &[Source], what: &str| -> Result<Box<[Origin]>, MappingError> {
            if sources.is_empty() {
                return Err(MappingError::new(setting, format!("{what} names no source; name one or more")));
            }
            sources.iter().map(|source| self.origin(source, setting, nesting + 1)).collect()
        };
        Ok(match source {
            Source::Field(name) => Origin::Slot(self.named(name, setting)?),
            Source::Column(number) => {
                if self.form == Form::Json {
                    return wrong("JSON has no column numbers; write a path, such as \"page.url\"");
                }
                let name = match self.form {
                    Form::Combined => Name::Text(access_log::name_of(*number).into_boxed_str()),
                    _ => Name::Number(*number),
                };
                Origin::Slot(self.names.slot(name, false, setting)?)
            }
            Source::First(sources) => Origin::First(origins(sources, "its list")?),
            Source::Constant(text) => {
                self.constant_bytes += text.len();
                Origin::Constant(text.as_str().into())
            }
            Source::Join { parts, with } => {
                let parts = origins(parts, "join")?;
                self.constant_bytes += with.len() * parts.len();
                Origin::Join { parts, with: with.as_str().into() }
            }
            Source::Hash(sources) => Origin::Hash(origins(sources, "hash")?),
        })
    }

    fn named(&mut self, name: &str, setting: &str) -> Result<u16, MappingError> {
        let name = name.trim();
        let shown = excerpt(name, EXCERPT_CHARS);
        if name.is_empty() {
            return Err(MappingError::new(
                setting,
                "a name is empty; write the name of a column or the path of a value",
            ));
        }
        if self.form == Form::Combined && !access_log::has(name) {
            let names = access_log::names();
            let reason = format!("an access log has no field `{shown}`; its fields are {names}");
            return Err(MappingError::new(setting, reason));
        }
        self.names.slot(Name::Text(name.into()), matches!(self.form, Form::Auto | Form::Json), setting)
    }

    /// Fails if all clicks of a message would have the same id.
    fn check_id(&self, id: Option<&Origin>) -> Result<(), MappingError> {
        let Some((_, element)) = self.names.trie().each() else { return Ok(()) };
        match id {
            Some(id) if !id.any(&|slot| self.names.in_each(slot)) => {
                let array = &self.names.trie().node(element).path;
                let reason = format!(
                    "it is the same for all clicks of a message; name a value in `{array}`, \
                     or leave it out, and clicktop derives an id"
                );
                Err(MappingError::new(SETTINGS[Field::ClickId as usize], reason))
            }
            _ => Ok(()),
        }
    }
}

/// What a source names, for errors.
fn describe(source: &Source) -> String {
    let list = |sources: &[Source], between: &str| sources.iter().map(describe).collect::<Vec<_>>().join(between);
    match source {
        Source::Field(name) => format!("`{}`", excerpt(name, EXCERPT_CHARS)),
        Source::Column(number) => format!("column {number}"),
        Source::Constant(_) => "a constant".to_owned(),
        Source::First(sources) => list(sources, " or "),
        Source::Join { parts, .. } | Source::Hash(parts) => list(parts, " and "),
    }
}
