//! The pipelines that `attach` names: where each is, and what the console calls it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;

use crate::serve::SOCKET_FILE;
use crate::serve::client::Target;
use crate::text::printable;

/// A pipeline that the command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// What the console calls it.
    pub(super) name: Arc<str>,
    pub(super) target: Target,
}

/// The pipelines of `addresses`, each `ADDRESS` or `NAME=ADDRESS`. An address without a name gets a short one; if two would have the same
/// name, they get their whole addresses as names.
///
/// # Errors
/// An address is none, or is given twice, or a name is given twice.
pub(super) fn members(addresses: &[String]) -> anyhow::Result<Vec<Member>> {
    let mut given: Vec<(Option<&str>, Target)> = Vec::new();
    for text in addresses {
        let (name, address) = split(text);
        let target = target(address)?;
        if given.iter().any(|(_, known)| *known == target) {
            bail!("{target} is given twice");
        }
        given.push((name, target));
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (name, target) in &given {
        *times.entry(called(*name, target)).or_default() += 1;
    }
    given
        .into_iter()
        .map(|(name, target)| {
            let mut called = called(name, &target);
            if times.get(&called).is_some_and(|times| *times > 1) {
                if name.is_some() {
                    bail!("the name {called} is given twice");
                }
                called = target.to_string();
            }
            Ok(Member { name: called.into(), target })
        })
        .collect()
}

/// Where `address` leads. A folder stands for the socket in it.
///
/// # Errors
/// It is no address.
pub(super) fn target(address: &str) -> anyhow::Result<Target> {
    Ok(match address.parse()? {
        Target::Socket(path) if path.is_dir() => Target::Socket(path.join(SOCKET_FILE)),
        target => target,
    })
}

/// Name and address of `NAME=ADDRESS`. A text before `=` that could be a part of an address is no name.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, address)) if !name.is_empty() && !name.contains(['/', ':', '.']) => (Some(name), address),
        _ => (None, text),
    }
}

/// What the console calls the pipeline at `target`, if no other pipeline is called the same.
fn called(name: Option<&str>, target: &Target) -> String {
    if let Some(name) = name {
        return printable(name).into_owned();
    }
    let text = |part: Option<&OsStr>| part.map(|part| printable(&part.to_string_lossy()).into_owned());
    match target {
        Target::Socket(path) => {
            // The folder of the data names the pipeline; its socket has the same name everywhere.
            let folder = path.parent().and_then(Path::file_name).filter(|_| path.ends_with(SOCKET_FILE));
            text(folder).or_else(|| text(path.file_stem())).unwrap_or_else(|| target.to_string())
        }
        Target::Url(url) => match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => target.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(addresses: &[&str]) -> Vec<String> {
        let addresses: Vec<_> = addresses.iter().map(|address| (*address).to_owned()).collect();
        members(&addresses).expect("addresses").into_iter().map(|member| member.name.to_string()).collect()
    }

    #[test]
    fn a_pipeline_is_called_by_its_folder_its_host_or_the_name_that_the_user_gives() {
        let called =
            names(&["/data/shop/clicktop.sock", "/run/other.sock", "https://box:7070", "eu=https://eu.example"]);
        assert_eq!(called, ["shop", "other", "box:7070", "eu"]);
    }

    #[test]
    fn pipelines_that_would_be_called_the_same_are_called_by_their_addresses() {
        let called =
            names(&["/data/a/clicks/clicktop.sock", "/data/b/clicks/clicktop.sock", "x=/c/clicks/clicktop.sock"]);
        assert_eq!(called, ["/data/a/clicks/clicktop.sock", "/data/b/clicks/clicktop.sock", "x"]);
    }

    #[test]
    fn a_folder_stands_for_the_socket_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("text").to_owned();
        let members = members(&[path]).expect("a folder is an address");
        assert_eq!(members[0].target, Target::Socket(folder.path().join(SOCKET_FILE)));
    }

    #[test]
    fn what_is_given_twice_is_refused() {
        let refused =
            |addresses: [&str; 2]| members(&addresses.map(str::to_owned)).expect_err("given twice").to_string();
        assert_eq!(refused(["https://box:1", "https://box:1/"]), "https://box:1 is given twice");
        assert_eq!(refused(["a=https://box:1", "a=https://box:2"]), "the name a is given twice");
    }

    #[test]
    fn a_path_with_an_equals_sign_is_no_name() {
        assert_eq!(split("./a=b.sock"), (None, "./a=b.sock"));
        assert_eq!(split("a=b.sock"), (Some("a"), "b.sock"));
        assert_eq!(split("=x"), (None, "=x"));
    }
}
