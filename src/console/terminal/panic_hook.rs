//! The panic hook of a running console: it tells a panic of the console from one of a stage.

use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use super::session::{give_back, is_taken};

tokio::task_local! {
    /// Set while the console's own code runs, on whatever thread.
    pub(crate) static CONSOLE: ();
}

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The panic hook of a running console. When it is dropped, the hook before it comes back.
pub(crate) struct PanicHook {
    before: Arc<Hook>,
}

impl PanicHook {
    /// A panic of the console gives the terminal back and goes on to the hook before. The supervisor of a stage catches a panic of
    /// the stage, which must not print over the live screen: it goes to the log.
    pub(crate) fn install() -> Self {
        let before: Arc<Hook> = panic::take_hook().into();
        let inner = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| {
            if !is_taken() {
                inner(info);
            } else if is_console() {
                give_back();
                inner(info);
            } else {
                tracing::error!(target: "panic", "{}", info.to_string().replace('\n', " "));
            }
        }));
        Self { before }
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // Nobody can change a hook while a panic unwinds. The terminal is given back by then, so this hook passes everything on.
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

fn is_console() -> bool {
    CONSOLE.try_with(|()| ()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_consoles_own_code_counts_as_the_console() {
        let (own, spawned, thread) = CONSOLE
            .scope((), async {
                let spawned = tokio::spawn(async { is_console() }).await.expect("joins");
                let thread = std::thread::spawn(is_console).join().expect("joins");
                tokio::task::yield_now().await;
                (is_console(), spawned, thread)
            })
            .await;
        assert_eq!((own, spawned, thread, is_console()), (true, false, false, false));
    }
}
