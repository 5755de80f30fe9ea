//! Asks a registry for schemas, by the HTTP API that Confluent's clients speak.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Url, redirect};
use serde::de::DeserializeOwned;

use super::answer::{BodyError, ErrorAnswer, SchemaAnswer, body, is_absent};
use super::error::{SchemaError, Trouble};
use super::options::{OptionsError, RegistryOptions, Server, authorities, identity, servers, unusable};
use super::schema_text::{Reference, SchemaKind, SchemaText};
use crate::http_client::causes;
use crate::loopback::is_loopback;
use crate::secret::MASK;
use crate::text::{excerpt, printable};

/// The most schemas that one schema refers to, with those that they refer to.
const MAX_REFERENCES: usize = 64;

/// The most text of a schema and its references.
const MAX_SCHEMA_BYTES: usize = 1 << 20;

/// The most of a reason that is shown.
const MAX_REASON_CHARS: usize = 200;

/// What the registry says about an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It has this schema.
    Schema(SchemaText),
    /// It has none.
    Absent,
    /// It has one that clicktop cannot use.
    Unusable(SchemaError),
}

/// The newest schema of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Its id.
    pub id: u32,
    /// Its version in the subject.
    pub version: i64,
    /// Its language; `None` if clicktop does not read it.
    pub kind: Option<SchemaKind>,
}

/// The servers of one registry.
pub struct RegistryClient {
    endpoints: Vec<Endpoint>,
}

struct Endpoint {
    server: Server,
    http: reqwest::Client,
}

impl fmt::Debug for RegistryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.endpoints.iter().map(Endpoint::name)).finish()
    }
}

impl RegistryClient {
    /// Checks the options and sets up the HTTP client. Does not connect yet.
    ///
    /// # Errors
    /// [`OptionsError`] says which option cannot work and why.
    pub fn new(options: &RegistryOptions) -> Result<Self, OptionsError> {
        let authorities = options.ca_file.as_deref().map(authorities).transpose()?.unwrap_or_default();
        let endpoints = servers(options)?.into_iter().map(|server| {
            let mut builder = reqwest::Client::builder()
                .timeout(options.request_timeout)
                .connect_timeout(options.request_timeout)
                .redirect(redirect::Policy::none())
                .user_agent(concat!("clicktop/", env!("CARGO_PKG_VERSION")))
                .danger_accept_invalid_certs(!options.verify);
            if server.base.host_str().is_none_or(is_loopback) {
                // No other machine sees requests to this one.
                builder = builder.no_proxy();
            }
            for authority in &authorities {
                builder = builder.add_root_certificate(authority.clone());
            }
            if let Some(own) = &options.certificate {
                builder = builder.identity(identity(own)?);
            }
            let http = builder.build().map_err(|error| match &options.ca_file {
                Some(path) => unusable("schema_registry.ca_file", path, causes(&error)),
                None => OptionsError::Client(causes(&error)),
            })?;
            Ok(Endpoint { server, http })
        });
        Ok(Self { endpoints: endpoints.collect::<Result<_, _>>()? })
    }

    /// The urls, without credentials.
    pub fn name(&self) -> String {
        self.endpoints.iter().map(Endpoint::name).collect::<Vec<_>>().join(", ")
    }

    /// The newest schema of `subject`; `None` if the registry does not have the subject.
    ///
    /// # Errors
    /// [`Trouble`] if no server gives an answer.
    pub async fn latest(&self, subject: &str) -> Result<Option<Latest>, Trouble> {
        let found: Option<SchemaAnswer> = self.get(&format!("subjects/{}/versions/latest", segment(subject))).await?;
        Ok(found.and_then(|found| Some(Latest { id: found.id?, version: found.version?, kind: found.kind().ok() })))
    }

    /// The ids of the newest versions of `subject`, `most` at most; none if the registry does not have it.
    ///
    /// # Errors
    /// [`Trouble`] if no server gives an answer.
    #[cfg(feature = "spark")]
    pub(super) async fn ids_of(&self, subject: &str, most: usize) -> Result<Vec<u32>, Trouble> {
        let path = format!("subjects/{}/versions", segment(subject));
        let versions: Vec<i64> = self.get(&path).await?.unwrap_or_default();
        let mut ids = Vec::new();
        for version in versions.iter().rev().take(most) {
            let found: Option<SchemaAnswer> = self.get(&format!("{path}/{version}")).await?;
            ids.extend(found.and_then(|found| found.id));
        }
        Ok(ids)
    }

    /// Asks whether the registry answers at all.
    ///
    /// # Errors
    /// [`Trouble`] if no server gives an answer.
    pub async fn answers(&self) -> Result<(), Trouble> {
        self.get::<Vec<String>>("schemas/types").await.map(drop)
    }

    /// The schema with this id, with all that it refers to.
    pub(super) async fn schema(&self, id: u32) -> Result<Asked, Trouble> {
        let Some(answer) = self.get::<SchemaAnswer>(&format!("schemas/ids/{id}")).await? else {
            return Ok(Asked::Absent);
        };
        let kind = match answer.kind() {
            Ok(kind) => kind,
            Err(error) => return Ok(Asked::Unusable(error)),
        };
        let mut text = SchemaText { kind, text: answer.schema, references: Vec::new() };
        let mut bytes = text.text.len();
        let mut met = BTreeSet::new();
        let mut open = answer.references.unwrap_or_default();
        while let Some(reference) = open.pop() {
            if !met.insert((reference.subject.clone(), reference.version)) {
                continue;
            }
            let subject = excerpt(&reference.subject, 80).into_owned();
            let path = format!("subjects/{}/versions/{}", segment(&reference.subject), reference.version);
            let Some(found) = self.get::<SchemaAnswer>(&path).await? else {
                let reason = format!(
                    "it refers to version {} of {subject}, which the registry does not have",
                    reference.version
                );
                return Ok(Asked::Unusable(SchemaError::new(reason)));
            };
            bytes += found.schema.len();
            open.extend(found.references.unwrap_or_default());
            text.references.push(Reference { name: reference.name, text: found.schema });
            if met.len() > MAX_REFERENCES || bytes > MAX_SCHEMA_BYTES {
                break;
            }
        }
        Ok(match (bytes <= MAX_SCHEMA_BYTES, met.len() <= MAX_REFERENCES) {
            (true, true) => Asked::Schema(text),
            (false, _) => Asked::Unusable(SchemaError::new(format!(
                "it is longer than {} KiB, with the schemas that it refers to",
                MAX_SCHEMA_BYTES / 1024
            ))),
            (_, false) => {
                Asked::Unusable(SchemaError::new(format!("it refers to more than {MAX_REFERENCES} other schemas")))
            }
        })
    }

    /// The answer to a question; `None` if the registry says that it has no such thing. Asks each server until one answers.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        let mut first = None;
        for endpoint in &self.endpoints {
            match endpoint.get(path).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => first = first.or(Some(trouble)),
            }
        }
        Err(first.unwrap_or_else(|| Trouble { at: "".into(), cause: "no url is set".into() }))
    }
}

impl Endpoint {
    fn name(&self) -> &str {
        self.server.base.as_str().trim_end_matches('/')
    }

    fn trouble(&self, cause: &str) -> Trouble {
        let mut cause = cause.to_owned();
        if let Some(login) = &self.server.login
            && !login.password.expose().is_empty()
        {
            // A proxy may echo the request.
            cause = cause.replace(login.password.expose(), MASK);
        }
        Trouble { at: self.name().into(), cause: printable(&excerpt(&cause, 2 * MAX_REASON_CHARS)).into() }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        let url: Url = self.server.base.join(path).map_err(|error| self.trouble(&error.to_string()))?;
        let mut request =
            self.http.get(url).header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(login) = &self.server.login {
            request = request.basic_auth(&login.username, Some(login.password.expose()));
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.trouble(&format!(
                "it answers {} to send us elsewhere; correct schema_registry.urls",
                status.as_u16()
            )));
        }
        let body = body(response).await.map_err(|error| match error {
            BodyError::Http(error) => self.unreachable(&error),
            BodyError::TooLong => self.trouble("its answer is longer than 4 MiB"),
        })?;
        if status.is_success() {
            return serde_json::from_slice(&body).map(Some).map_err(|_| {
                self.trouble("its answer is not that of a schema registry; check schema_registry.urls (Apicurio's path is /apis/ccompat/v7)")
            });
        }
        let error: ErrorAnswer = serde_json::from_slice(&body).unwrap_or_default();
        if is_absent(status.as_u16(), &error) {
            return Ok(None);
        }
        let reason = error.message.unwrap_or_default();
        let reason = excerpt(&reason, MAX_REASON_CHARS);
        let told = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        Err(self.trouble(&match status.as_u16() {
            code @ (401 | 403) => {
                format!("it refuses us ({code}{told}); check schema_registry.username and its password")
            }
            404 => {
                format!("it answers 404{told}; check the path in schema_registry.urls (Apicurio's is /apis/ccompat/v7)")
            }
            code => format!("it answers {code}{told}"),
        }))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Trouble {
        if error.is_timeout() {
            return self.trouble("it does not answer in time");
        }
        let cause = causes(error);
        let advice = match cause.as_str() {
            cause if cause.contains("UnknownIssuer") => "; set schema_registry.ca_file",
            cause if cause.contains("CertificateRequired") || cause.contains("BadCertificate") => {
                "; it may want a certificate of ours: set schema_registry.certificate_file"
            }
            _ => "",
        };
        self.trouble(&format!("{cause}{advice}"))
    }
}

/// A name as one part of a path.
fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
