//! Why a socket lets nobody in, and what to do.

use std::io::ErrorKind;
use std::path::Path;

use crate::private;
use crate::text::printable;

/// The socket of the packaged service (`assets/service/clicktop.toml`).
pub(super) const SERVICE_SOCKET: &str = "/var/lib/clicktop/clicktop.sock";

/// Why nobody answers at `path`, for the `causes` that the system names. `service` is the socket of the packaged service, if that is installed.
pub(super) fn closed_socket(path: &Path, causes: &str, service: &Path) -> String {
    let shown = printable(&path.to_string_lossy()).into_owned();
    // A folder that hides its files tells nothing of them.
    let is_absent = |path: &Path| path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if is_absent(path) {
        let start = if path != service && !is_absent(service) {
            let sudo = if private::refusal(service).is_some() { ", with sudo" } else { "" };
            let service = service.display();
            format!(
                "the service of this machine is at {service}: name that{sudo} (`attach {service}`, `ctl --at {service}`)"
            )
        } else if path == service {
            "start the service (`systemctl start clicktop`)".to_owned()
        } else {
            "start `clicktop serve`, or name its socket".to_owned()
        };
        return format!("no clicktop serves at {shown}: {start}");
    }
    if causes.contains("Connection refused") {
        return format!("{shown}: {causes}: the clicktop that served there has ended");
    }
    match private::refusal(path) {
        Some(refusal) => format!(
            "{shown}: {causes}: {refusal}; or let the service listen at a TCP address with a token (serve.listen)"
        ),
        None => format!("{shown}: {causes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_of_the_machine_is_named_where_no_other_socket_is() {
        let folder = tempfile::tempdir().unwrap();
        let [mine, service] = ["mine.sock", "service.sock"].map(|name| folder.path().join(name));
        let said = closed_socket(&mine, "No such file or directory", &service);
        assert!(said.ends_with("start `clicktop serve`, or name its socket"), "{said}");
        let said = closed_socket(&service, "No such file or directory", &service);
        assert!(said.ends_with("start the service (`systemctl start clicktop`)"), "{said}");
        std::fs::write(&service, "").unwrap();
        let said = closed_socket(&mine, "No such file or directory", &service);
        assert!(said.contains(&format!("`attach {0}`, `ctl --at {0}`", service.display())), "{said}");
    }
}
