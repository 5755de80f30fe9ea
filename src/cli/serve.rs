//! The service of `serve`, `run`, `demo` and `replay`.

use std::path::Path;
use std::process::ExitCode;

use super::args::{Cli, Command};
use super::output::Output;
use super::reload::Reload;
use super::service_manager;
use crate::config::Settings;
use crate::engine::EngineHandle;
use crate::protocol;
use crate::serve::{Opened, SOCKET_FILE, ServeOptions};
use crate::signals::{EndSignal, EndSignals};

/// Opens the addresses at which the pipeline is to be reached; `None` if there are none.
///
/// # Errors
/// An address is wrong or taken, or needs a token or TLS. One clear line each.
pub(super) async fn open(cli: &Cli, settings: &Settings, data_dir: &Path) -> anyhow::Result<Option<Opened>> {
    let serve = &settings.serve;
    let own = matches!(cli.command, Command::Serve(_));
    if !own && serve.listen.is_empty() {
        return Ok(None);
    }
    let (read_token, steer_token) = serve.tokens()?;
    let options = ServeOptions {
        listen: serve.listen.clone(),
        own_socket: own.then(|| data_dir.join(SOCKET_FILE)),
        read_token,
        steer_token,
        tls: serve.cert_file.clone().zip(serve.key_file.clone()),
        plain_http: serve.danger_plain_http,
    };
    Ok(Some(options.open().await?))
}

/// Waits until a signal or a command ends the pipeline, and until it has ended. SIGHUP reads the settings again. A stage that fails waits
/// for a restart: somebody can give it from elsewhere.
///
/// It prints `names`, the addresses that nobody sees in the log.
pub(super) async fn until_end(
    engine: &EngineHandle,
    names: &[String],
    reload: &mut Reload,
    out: &mut Output,
) -> ExitCode {
    for name in names {
        out.line(format_args!("serving at {name}"));
    }
    tracing::info!(target: "pipeline", event = "start", "the pipeline starts");
    let mut snapshots = engine.snapshots.clone();
    let mut signals = EndSignals::listen();
    tokio::spawn(service_manager::report(engine.snapshots.clone()));
    loop {
        let signal = tokio::select! {
            changed = snapshots.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return ExitCode::SUCCESS,
            },
            signal = signals.next() => signal,
        };
        if signal == EndSignal::HangUp {
            service_manager::reloading();
            reload.run().await;
            service_manager::ready();
            continue;
        }
        tracing::info!(target: "pipeline", event = "stop", by = "signal", "a signal asks the pipeline to end");
        // A second signal sends a second shutdown, which ends the drain at once. If the engine is gone, the loop ends.
        let _ = engine.commands.send(protocol::Command::Shutdown).await;
    }
}
