//! `clicktop attach`: the console on pipelines that run elsewhere.

use std::process::ExitCode;
use std::sync::Arc;

use futures::future::join_all;

use super::args::AttachArgs;
use super::fleet::{Member, members, target};
use super::launch::console_options;
use super::output::{Output, complain};
use super::setup;
use crate::config::Settings;
use crate::console::{self, ConsoleError, ConsoleOptions};
use crate::serve::SOCKET_FILE;
use crate::serve::client::{Api, ApiOptions, Attached, Target, Tokens, attach};

/// Shows the pipelines until the user leaves.
///
/// # Errors
/// An address, the token or the certificates cannot be used, no pipeline answers, or there is no terminal.
pub(super) async fn run(settings: &Settings, args: &AttachArgs, out: &mut Output) -> anyhow::Result<ExitCode> {
    let mut options = console_options(&settings.console, &args.view())?;
    options.attached = true;
    match args.addresses.as_slice() {
        several @ [_, _, ..] => fleet(settings, options, members(several)?, out).await,
        at_most_one => one(options, api(settings, at_most_one.first().map(String::as_str))?, out).await,
    }
}

/// Shows one pipeline.
async fn one(options: ConsoleOptions, api: Api, out: &mut Output) -> anyhow::Result<ExitCode> {
    // A wrong address is said before the screen changes; a pipeline that is away for a while is waited for.
    api.get("/v1/snapshot?light=true").await?;
    require_terminal()?;
    let target = api.target().to_string();
    let attached = attach(api);
    left(console::run(options, &attached.engine).await)?;
    out.line(format_args!("left {target}; the pipeline there goes on"));
    Ok(ExitCode::SUCCESS)
}

/// Shows several pipelines and a list of all of them. One that does not answer is waited for, but if none does, the addresses are wrong.
async fn fleet(
    settings: &Settings,
    options: ConsoleOptions,
    members: Vec<Member>,
    out: &mut Output,
) -> anyhow::Result<ExitCode> {
    let apis = members.iter().map(|member| api_of(settings, member.target.clone()));
    let apis = apis.collect::<anyhow::Result<Vec<_>>>()?;
    let answers = join_all(apis.iter().map(|api| api.get("/v1/snapshot?light=true"))).await;
    if answers.iter().all(Result::is_err) {
        let causes: Vec<_> = answers.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
        anyhow::bail!("no pipeline answers\n  {}", causes.join("\n  "));
    }
    require_terminal()?;
    let attached: Vec<Attached> = apis.into_iter().map(attach).collect();
    let named: Vec<_> =
        members.iter().zip(&attached).map(|(member, attached)| (Arc::clone(&member.name), &attached.engine)).collect();
    left(console::run_fleet(options, &named).await)?;
    out.line(format_args!("left {} pipelines; they go on", members.len()));
    Ok(ExitCode::SUCCESS)
}

fn require_terminal() -> anyhow::Result<()> {
    if console::require_terminal().is_err() {
        anyhow::bail!("the console needs a terminal; `clicktop ctl status` does without");
    }
    Ok(())
}

/// How the console has ended. If the terminal is gone, the pipelines go on.
fn left(shown: Result<(), ConsoleError>) -> Result<(), ConsoleError> {
    match shown {
        Err(gone @ ConsoleError::Lost(_)) => {
            complain(&gone.to_string());
            Ok(())
        }
        shown => shown,
    }
}

/// The service at `address`, or at the socket in the data directory.
///
/// # Errors
/// The address, the token or the certificates cannot be used.
pub(super) fn api(settings: &Settings, address: Option<&str>) -> anyhow::Result<Api> {
    let target = match address {
        Some(address) => target(address)?,
        None => Target::Socket(setup::data_dir(settings, "")?.join(SOCKET_FILE)),
    };
    api_of(settings, target)
}

/// The service at `target`.
fn api_of(settings: &Settings, target: Target) -> anyhow::Result<Api> {
    let tokens = settings.attach.token()?.as_ref().map(Tokens::parse).transpose()?.unwrap_or_default();
    let token = tokens.of(&target).cloned();
    let options = ApiOptions { token, ca_file: settings.attach.ca_file.clone() };
    Ok(Api::new(target, options)?)
}
