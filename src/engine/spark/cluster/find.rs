//! Asks the Connect server which application it is, and where its web page with the REST API should be.

use std::time::Duration;

use super::super::connection::Connection;
use super::rest::UiUrl;
use crate::protocol::remote::Application;

/// Time that the server has for its answer.
const LIMIT: Duration = Duration::from_secs(15);

/// The port of Spark's web page unless the server has another setting. If it is taken, Spark tries the next ones.
const UI_PORT: u16 = 4040;
const TRIED_PORTS: u16 = 4;

/// Said if nothing tells the address.
pub(super) const UNKNOWN_ADDRESS: &str = "Spark does not tell the address of its web page: set spark.ui_url to it, as this \
                                          machine reaches it";

/// Said if there is no web page.
const SWITCHED_OFF: &str = "Spark's web page, which tells executors and tasks, is switched off: start the server with \
                            spark.ui.enabled=true, or set spark.ui_url to a history server";

/// Asks the server.
pub(super) struct Finder {
    pub(super) connection: Connection,
    /// The address that the settings name.
    pub(super) ui: Option<UiUrl>,
}

/// An application, and where it may be asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) version: String,
    pub(super) application: Application,
    /// Where its REST API may be, the likeliest first.
    pub(super) addresses: Vec<UiUrl>,
}

impl Finder {
    /// # Errors
    /// One line that says why the cluster is not known, and what to do.
    pub(super) async fn find(&self) -> Result<Found, String> {
        let (version, settings) = match tokio::time::timeout(LIMIT, self.ask()).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(format!("{} does not answer within {} s", self.connection.target(), LIMIT.as_secs()));
            }
        };
        let [id, name, enabled, host, port, tls] = settings;
        let Some(id) = id else {
            return Err("Spark does not tell the id of its application (spark.app.id)".to_owned());
        };
        let application = Application { id, name: name.unwrap_or_default() };
        let is_off = enabled.as_deref() == Some("false");
        let addresses = match &self.ui {
            Some(ui) => vec![ui.clone()],
            None if is_off => return Err(SWITCHED_OFF.to_owned()),
            None => guesses(host.as_deref(), port.as_deref(), tls.as_deref() == Some("true")),
        };
        Ok(Found { version, application, addresses })
    }

    async fn ask(&self) -> Result<(String, [Option<String>; 6]), String> {
        let names = [
            "spark.app.id",
            "spark.app.name",
            "spark.ui.enabled",
            "spark.driver.host",
            "spark.ui.port",
            "spark.ssl.ui.enabled",
        ];
        let told = async {
            let session = self.connection.session().await?;
            Ok((session.version().await?, session.settings(&names).await?))
        };
        match told.await {
            Ok((version, settings)) => {
                let mut settings = settings.into_iter().map(|value| value.filter(|value| !value.is_empty()));
                Ok((version, std::array::from_fn(|_| settings.next().flatten())))
            }
            Err(error) => {
                self.connection.failed(&error);
                Err(error.to_string())
            }
        }
    }
}

/// Where the web page of a driver on `host` may be.
fn guesses(host: Option<&str>, port: Option<&str>, tls: bool) -> Vec<UiUrl> {
    let Some(host) = host else { return Vec::new() };
    let first = match port.map(str::parse::<u16>) {
        None => UI_PORT,
        // With 0, Spark takes any port, and does not tell which.
        Some(Ok(0) | Err(_)) => return Vec::new(),
        Some(Ok(port)) => port,
    };
    let scheme = if tls { "https" } else { "http" };
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    let ports = (0..TRIED_PORTS).filter_map(|further| first.checked_add(further));
    ports.filter_map(|port| format!("{scheme}://{host}:{port}").parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(host: Option<&str>, port: Option<&str>, tls: bool) -> Vec<String> {
        guesses(host, port, tls).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_page_is_looked_for_on_the_drivers_host_at_the_set_port_and_the_next_ones() {
        let usual = guessed(Some("driver.local"), None, false);
        assert_eq!(usual.first().map(String::as_str), Some("http://driver.local:4040"));
        assert_eq!(usual.len(), 4);
        assert_eq!(guessed(Some("fe80::1"), Some("65535"), true), ["https://[fe80::1]:65535"]);
    }

    #[test]
    fn a_page_that_nobody_can_find_is_not_guessed() {
        assert!(guessed(None, Some("4040"), false).is_empty());
        assert!(guessed(Some("driver"), Some("0"), false).is_empty(), "Spark takes any port");
        assert!(guessed(Some("driver"), Some("many"), false).is_empty());
        assert!(guessed(Some("no host/"), None, false).iter().all(|url| !url.contains(' ')));
    }
}
