//! The connection string of Spark Connect: `sc://host:port/;token=…;use_ssl=true`.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};

use super::ids::SessionId;
use crate::loopback::is_loopback;
use crate::secret::{MASK, Secret};
use crate::text::excerpt;

const SCHEME: &str = "sc://";
const DEFAULT_PORT: u16 = 15002;
/// The name under which sessions belong to clicktop if the url names no user. Every console has the same, so that one finds
/// the session of another.
const DEFAULT_USER: &str = "clicktop";
/// The largest message that is read: what Spark's own clients read, in bytes.
const DEFAULT_MAX_MESSAGE: usize = 128 * 1024 * 1024;
/// Smaller limits would refuse Spark's own answers; protocol buffers end at 2 GiB.
const MESSAGE_LIMITS: std::ops::RangeInclusive<usize> = 1024 * 1024..=i32::MAX as usize;
const PARAMETERS: [&str; 6] = ["token", "use_ssl", "user_id", "user_agent", "session_id", "grpc_max_message_size"];

/// What a value is printed with as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b'@');

/// Where a Spark Connect server is and who we are there. It prints without the token and without the values of headers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectUrl {
    host: String,
    port: u16,
    token: Option<Secret>,
    use_ssl: Option<bool>,
    user_id: Option<String>,
    user_agent: Option<String>,
    session_id: Option<SessionId>,
    max_message: Option<usize>,
    headers: Vec<(String, Secret)>,
}

impl ConnectUrl {
    /// The server as errors name it: `sc://host:port`.
    pub(crate) fn target(&self) -> String {
        format!("{SCHEME}{}:{}", self.host, self.port)
    }

    /// The host as a url has it, with brackets around an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port, 15002 if the url names none.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What the connection is authenticated with.
    pub(crate) fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Whether the connection uses TLS: as `use_ssl` says. Without it a token switches TLS on, except to this machine.
    pub(crate) fn uses_tls(&self) -> bool {
        self.use_ssl.unwrap_or(self.token.is_some() && !is_loopback(&self.host))
    }

    /// Whose sessions are used; `clicktop` if the url names nobody.
    pub(crate) fn user_id(&self) -> &str {
        self.user_id.as_deref().unwrap_or(DEFAULT_USER)
    }

    /// What Spark's log shall name the client.
    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The session that the url asks for.
    pub(crate) fn session_id(&self) -> Option<SessionId> {
        self.session_id
    }

    /// The largest message that is read, in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.max_message.unwrap_or(DEFAULT_MAX_MESSAGE)
    }

    /// The headers that go with each call.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The same url with `token` in place of its own: secrets may come from a file.
    #[must_use]
    pub(crate) fn with_token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// What is allowed and dangerous: a token that can be read on its way to another machine.
    pub(crate) fn warning(&self) -> Option<String> {
        let readable = self.token.is_some() && !self.uses_tls() && !is_loopback(&self.host);
        readable.then(|| {
            format!("{} has use_ssl=false: the token can be read on the way; leave use_ssl=false out", self.target())
        })
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), UrlError> {
        match name {
            "token" => self.token = Some(checked_header(name, value)?),
            "use_ssl" => match value.to_ascii_lowercase().as_str() {
                "true" => self.use_ssl = Some(true),
                "false" => self.use_ssl = Some(false),
                _ => return Err(invalid(name, "is `true` or `false`")),
            },
            "user_id" => self.user_id = Some(plain(name, value)?),
            "user_agent" => self.user_agent = Some(plain(name, value)?),
            "session_id" => {
                let id = value.parse().map_err(|_| invalid(name, "is a UUID: 00112233-4455-6677-8899-aabbccddeeff"))?;
                self.session_id = Some(id);
            }
            "grpc_max_message_size" => {
                let bytes = value.parse().ok().filter(|bytes| MESSAGE_LIMITS.contains(bytes));
                self.max_message = Some(bytes.ok_or_else(|| {
                    invalid(name, "is a number of bytes from 1048576 (1 MiB) to 2147483647, by default 134217728")
                })?);
            }
            header if header.starts_with("x-") => {
                if MetadataKey::<Ascii>::from_str(header).is_err() {
                    return Err(UrlError::HeaderName(excerpt(header, MAX_QUOTED).into_owned()));
                }
                self.headers.push((header.to_owned(), checked_header(header, value)?));
            }
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

impl FromStr for ConnectUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(UrlError::Scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains(';') {
            return Err(UrlError::NoSlash);
        }
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        if rest.contains(['?', '#']) {
            return Err(UrlError::Query);
        }
        let (host, port) = host_and_port(authority)?;
        let mut url = Self {
            host,
            port,
            token: None,
            use_ssl: None,
            user_id: None,
            user_agent: None,
            session_id: None,
            max_message: None,
            headers: Vec::new(),
        };
        let parameters = match path.strip_prefix(';') {
            Some(parameters) => parameters,
            None if path.is_empty() => "",
            None => return Err(UrlError::Path),
        };
        let mut seen: Vec<&str> = Vec::new();
        for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or(UrlError::NoValue)?;
            if seen.contains(&name) {
                return Err(UrlError::Twice(excerpt(name, MAX_QUOTED).into_owned()));
            }
            seen.push(name);
            let value = percent_decode_str(value).decode_utf8().map_err(|_| invalid(name, "is UTF-8 text"))?;
            if value.is_empty() {
                return Err(invalid(name, "is not empty"));
            }
            url.set(name, value.into_owned())?;
        }
        Ok(url)
    }
}

impl fmt::Display for ConnectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.target() + "/";
        let mut add = |name: &str, value: &str| {
            text.push(';');
            text.push_str(name);
            text.push('=');
            text.extend(utf8_percent_encode(value, PLAIN));
        };
        if self.token.is_some() {
            add("token", MASK);
        }
        if let Some(use_ssl) = self.use_ssl {
            add("use_ssl", if use_ssl { "true" } else { "false" });
        }
        if let Some(user_id) = &self.user_id {
            add("user_id", user_id);
        }
        if let Some(user_agent) = &self.user_agent {
            add("user_agent", user_agent);
        }
        if let Some(session_id) = &self.session_id {
            add("session_id", &session_id.to_string());
        }
        if let Some(bytes) = self.max_message {
            add("grpc_max_message_size", &bytes.to_string());
        }
        for (name, _) in &self.headers {
            add(name, MASK);
        }
        f.pad(&text)
    }
}

impl fmt::Debug for ConnectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// Names of parameters are cut after so many characters in errors.
const MAX_QUOTED: usize = 40;

/// Why a text is no connection string. No message holds the value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    /// Another scheme, or none.
    #[error("begin it with sc://, as in sc://host:15002")]
    Scheme,
    /// No host.
    #[error("it has no host, as in sc://host:15002")]
    NoHost,
    /// Not a name or an address.
    #[error("the host is neither a name nor an address")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port is a number from 1 to 65535, by default 15002")]
    Port,
    /// `sc://host;token=…`.
    #[error("put a / before the first ; as in sc://host:15002/;use_ssl=true")]
    NoSlash,
    /// `sc://user@host`.
    #[error("name the user as a parameter, as in sc://host:15002/;user_id=NAME")]
    UserInfo,
    /// `?` or `#`.
    #[error("parameters follow /; and are separated by ; (write %3F for ? and %23 for #)")]
    Query,
    /// A path, which gRPC cannot have.
    #[error("Spark Connect has no path: after the host come / and the parameters, as in sc://host:15002/;use_ssl=true")]
    Path,
    /// A parameter without `=`.
    #[error("a parameter has no value: write NAME=VALUE, and %3B for a ; in a value")]
    NoValue,
    /// The same parameter again.
    #[error("{0} stands there twice")]
    Twice(String),
    /// A parameter that Spark Connect does not know.
    #[error("there is no parameter {name}{hint}")]
    Unknown {
        /// The name.
        name: String,
        /// What was meant, or what there is.
        hint: String,
    },
    /// A value that does not fit.
    #[error("{name} {rule}")]
    Invalid {
        /// The parameter.
        name: String,
        /// What its values are like.
        rule: &'static str,
    },
    /// A header that HTTP/2 does not take.
    #[error("{0} cannot be the name of a header: use letters, digits and -, and no -bin at the end")]
    HeaderName(String),
}

fn invalid(name: &str, rule: &'static str) -> UrlError {
    UrlError::Invalid { name: excerpt(name, MAX_QUOTED).into_owned(), rule }
}

fn unknown(name: &str) -> UrlError {
    let nearest = PARAMETERS
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let hint = match nearest {
        Some((_, known)) => format!(": did you mean {known}? Parameters are in lower case"),
        None => format!(": there are {}, and headers that begin with x-", PARAMETERS.join(", ")),
    };
    UrlError::Unknown { name: excerpt(name, MAX_QUOTED).into_owned(), hint }
}

/// A value that goes into a header, which has no control characters and is ASCII.
fn checked_header(name: &str, value: String) -> Result<Secret, UrlError> {
    let printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !printable || MetadataValue::<Ascii>::try_from(value.as_str()).is_err() {
        return Err(invalid(name, "has only printable ASCII characters"));
    }
    Ok(Secret::new(value))
}

/// A text that is printed and sent.
fn plain(name: &str, value: String) -> Result<String, UrlError> {
    if value.chars().any(char::is_control) || value.chars().count() > 200 {
        return Err(invalid(name, "has no control characters and at most 200 characters"));
    }
    Ok(value)
}

fn host_and_port(authority: &str) -> Result<(String, u16), UrlError> {
    let (host, port) = match authority.rsplit_once(':') {
        // The last colon of an IPv6 address stands inside the brackets.
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse::<u16>().ok().filter(|port| *port > 0).ok_or(UrlError::Port)?)
        }
        _ => (authority, DEFAULT_PORT),
    };
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) if name.is_empty() => Err(UrlError::NoHost),
        Ok(host) => Ok((host.to_string(), port)),
        Err(_) => Err(UrlError::Host),
    }
}
