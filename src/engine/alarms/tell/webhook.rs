//! Sends an alarm to a url, as JSON in a POST request.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, redirect};
use url::Url;

use super::lane::Teller;
use super::message::Message;
use crate::http_client::read_authorities;
use crate::loopback::is_loopback;
use crate::secret::Secret;

/// What is told, and how it is trusted.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// Its url. Such urls often hold a secret.
    pub url: Secret,
    /// Certificates to trust in addition to the public ones, PEM.
    pub ca_file: Option<PathBuf>,
}

/// A webhook. No error shows its url: whoever knows the url of a chat may write to the chat.
pub(super) struct Webhook {
    options: WebhookOptions,
    /// Made with the first message: an error is then one of that message, and no reason not to start.
    client: OnceLock<Client>,
}

impl Webhook {
    pub(super) fn new(options: WebhookOptions) -> Self {
        Self { options, client: OnceLock::new() }
    }

    fn client(&self, url: &Url) -> Result<&Client, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("clicktop/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none());
        if url.host_str().is_some_and(is_loopback) {
            builder = builder.no_proxy();
        }
        for authority in self.authorities()? {
            builder = builder.add_root_certificate(authority);
        }
        let client = builder.build().map_err(cause)?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl Webhook {
    fn authorities(&self) -> Result<Vec<Certificate>, String> {
        let Some(file) = &self.options.ca_file else { return Ok(Vec::new()) };
        read_authorities(file).map_err(|why| format!("alarms.webhook_ca_file {}: {why}", file.display()))
    }
}

impl Teller for Webhook {
    async fn tell(&self, message: &Message) -> Result<(), String> {
        let url = Url::parse(self.options.url.expose().trim()).map_err(|error| format!("it is no url: {error}"))?;
        let client = self.client(&url)?;
        let request = client.post(url).header(CONTENT_TYPE, "application/json").body(message.json());
        let answer = request.send().await.map_err(cause)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(if status.is_redirection() {
            format!("the server answered {status}; clicktop follows no redirects")
        } else {
            format!("the server answered {status}")
        })
    }
}

/// Why a request failed, without its url.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        causes.push(source.to_string());
        next = source.source();
    }
    causes.dedup();
    causes.join(": ")
}
