//! How the registry is reached. The options are checked once, so that nothing fails because of them later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::{Certificate, Identity, Url};

use crate::http_client::read_authorities;
use crate::secret::Secret;

/// How the registry is reached.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// One or several servers of one registry, which are asked in this order. In `https://user:password@host`, the credentials are
    /// removed from the url before it is used.
    pub urls: Vec<Secret>,
    /// Who we are; must be `None` if a url contains credentials.
    pub login: Option<Login>,
    /// A PEM file with certificates of authorities that are trusted in addition to the public ones.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate, if the registry asks for one.
    pub certificate: Option<ClientCertificate>,
    /// Whether to check the registry's certificate. **Dangerous if false.**
    pub verify: bool,
    /// The time limit of each request.
    pub request_timeout: Duration,
}

/// A user and the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
}

/// A certificate of our own, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, PEM.
    pub certificate_file: PathBuf,
    /// Its key, PEM without a password.
    pub key_file: PathBuf,
}

/// An error in the options. Messages are one line, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A url cannot be used. The message names its position, because the url may contain a password.
    #[error("schema_registry.urls: url number {position} {cause}")]
    Url {
        /// The position, from 1.
        position: usize,
        /// The cause, which continues the sentence.
        cause: String,
    },
    /// There are two credentials.
    #[error("schema_registry.urls holds a user name, and schema_registry.username is set as well; keep one")]
    TwoLogins,
    /// A file of certificates or keys cannot be used.
    #[error("{setting} {path} cannot be used: {cause}; name a PEM file that can be read")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: String,
        /// The cause.
        cause: String,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client for the schema registry cannot be set up: {0}")]
    Client(String),
}

/// One server, and who we are there.
#[derive(Clone)]
pub(super) struct Server {
    /// The url without credentials; its path ends with a slash.
    pub(super) base: Url,
    pub(super) login: Option<Login>,
}

/// The servers of the options.
pub(super) fn servers(options: &RegistryOptions) -> Result<Vec<Server>, OptionsError> {
    let numbered = (1..).zip(&options.urls);
    numbered.map(|(position, url)| server(position, url.expose(), &options.login)).collect()
}

fn server(position: usize, text: &str, separate: &Option<Login>) -> Result<Server, OptionsError> {
    let bad = |cause: String| OptionsError::Url { position, cause };
    let mut base = Url::parse(text.trim()).map_err(|error| bad(format!("is not a url: {error}")))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(bad("must begin with http:// or https://".to_owned()));
    }
    let mut login = separate.clone();
    if !base.username().is_empty() || base.password().is_some() {
        if separate.is_some() {
            return Err(OptionsError::TwoLogins);
        }
        let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(bad("has credentials that are not UTF-8".to_owned())),
        };
        login = Some(Login {
            username: decoded(base.username())?,
            password: Secret::new(decoded(base.password().unwrap_or_default())?),
        });
        if base.set_username("").is_err() || base.set_password(None).is_err() {
            return Err(bad("has credentials but no host".to_owned()));
        }
    }
    base.set_query(None);
    base.set_fragment(None);
    // Joined paths begin after the last slash.
    let path = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    Ok(Server { base, login })
}

/// The certificates of `schema_registry.ca_file`.
pub(super) fn authorities(path: &Path) -> Result<Vec<Certificate>, OptionsError> {
    const SETTING: &str = "schema_registry.ca_file";
    read_authorities(path).map_err(|cause| unusable(SETTING, path, cause))
}

/// Our certificate with its key.
pub(super) fn identity(own: &ClientCertificate) -> Result<Identity, OptionsError> {
    let read = |setting, path: &Path| std::fs::read(path).map_err(|error| unusable(setting, path, error.to_string()));
    let mut pem = read("schema_registry.key_file", &own.key_file)?;
    pem.push(b'\n');
    pem.extend(read("schema_registry.certificate_file", &own.certificate_file)?);
    Identity::from_pem(&pem).map_err(|_| {
        let cause = "it and the key are no PEM files of a certificate and of a key without a password".to_owned();
        unusable("schema_registry.certificate_file", &own.certificate_file, cause)
    })
}

pub(super) fn unusable(setting: &'static str, path: &Path, cause: String) -> OptionsError {
    OptionsError::File { setting, path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> RegistryOptions {
        RegistryOptions {
            urls: vec![Secret::new(url)],
            login: None,
            ca_file: None,
            certificate: None,
            verify: true,
            request_timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn credentials_leave_the_url_and_never_print() {
        let options = options("https://us%65r:p%40ss@registry:8081/apis/ccompat/v7");
        let servers = servers(&options).unwrap();
        assert_eq!(servers[0].base.as_str(), "https://registry:8081/apis/ccompat/v7/");
        let login = servers[0].login.clone().unwrap();
        assert_eq!((login.username.as_str(), login.password.expose()), ("user", "p@ss"));
        assert!(!format!("{options:?} {login:?}").contains("ss@"));
    }

    #[test]
    fn wrong_options_are_told_by_their_setting() {
        for url in ["registry:8081", "ftp://registry", ""] {
            assert!(matches!(servers(&options(url)), Err(OptionsError::Url { position: 1, .. })), "{url}");
        }
        let login = Some(Login { username: "ann".to_owned(), password: Secret::new("hush") });
        let twice = RegistryOptions { login, ..options("http://a:b@host") };
        assert_eq!(servers(&twice).err(), Some(OptionsError::TwoLogins));
        let absent = authorities(Path::new("/nowhere/ca.pem")).unwrap_err().to_string();
        assert!(absent.starts_with("schema_registry.ca_file /nowhere/ca.pem cannot be used"), "{absent}");
    }
}
