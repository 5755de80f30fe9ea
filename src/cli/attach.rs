//! `clicktop attach`: the console on a pipeline that runs elsewhere.

use std::process::ExitCode;

use super::args::AttachArgs;
use super::launch::console_options;
use super::output::{Output, complain};
use super::setup;
use crate::config::Settings;
use crate::console::{self, ConsoleError};
use crate::serve::SOCKET_FILE;
use crate::serve::client::{Api, ApiOptions, Target, attach};

/// Shows the pipeline until the user leaves.
///
/// # Errors
/// The address, the token or the certificates cannot be used, or there is no terminal.
pub(super) async fn run(settings: &Settings, args: &AttachArgs, out: &mut Output) -> anyhow::Result<ExitCode> {
    let api = api(settings, args.address.as_deref())?;
    let mut options = console_options(&settings.console, &args.view())?;
    options.attached = true;
    // A wrong address is said before the screen changes; a pipeline that is away for a while is waited for.
    api.get("/v1/snapshot?light=true").await?;
    if console::require_terminal().is_err() {
        anyhow::bail!("the console needs a terminal; `clicktop ctl status` does without");
    }
    let target = api.target().to_string();
    let attached = attach(api);
    match console::run(options, &attached.engine).await {
        // The terminal is gone, and the pipeline goes on.
        Err(gone @ ConsoleError::Lost(_)) => complain(&gone.to_string()),
        shown => shown?,
    }
    out.line(format_args!("left {target}; the pipeline there goes on"));
    Ok(ExitCode::SUCCESS)
}

/// The service at `address`, or at the socket in the data directory.
///
/// # Errors
/// The address, the token or the certificates cannot be used.
pub(super) fn api(settings: &Settings, address: Option<&str>) -> anyhow::Result<Api> {
    let target = match address {
        Some(address) => address.parse()?,
        None => Target::Socket(setup::data_dir(settings, "")?.join(SOCKET_FILE)),
    };
    let options = ApiOptions { token: settings.attach.token()?, ca_file: settings.attach.ca_file.clone() };
    Ok(Api::new(target, options)?)
}
