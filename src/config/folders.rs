//! Folders of the user, and paths that begin in them.

use std::path::{Path, PathBuf};

use super::error::ConfigError;

/// The user's own config file: `$XDG_CONFIG_HOME/clicktop/clicktop.toml`, or below `~/.config`.
pub(super) fn user_config_file(env: &[(String, String)]) -> Option<PathBuf> {
    let folder = xdg_folder(|name| variable(env, name).map(PathBuf::from), "XDG_CONFIG_HOME", ".config")?;
    Some(folder.join("clicktop/clicktop.toml"))
}

/// The folder of the data if no layer sets one: `$XDG_DATA_HOME/clicktop`, or `~/.local/share/clicktop`.
///
/// # Errors
/// [`ConfigError::NoHome`] if the environment names neither.
pub fn default_data_dir() -> Result<PathBuf, ConfigError> {
    data_dir_of(|name| std::env::var_os(name).map(PathBuf::from)).ok_or(ConfigError::NoHome)
}

fn data_dir_of(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    Some(xdg_folder(variable, "XDG_DATA_HOME", ".local/share")?.join("clicktop"))
}

/// A base folder by the XDG rules: an empty or relative path counts as not set.
fn xdg_folder(variable: impl Fn(&str) -> Option<PathBuf>, name: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    variable(name).filter(absolute).or_else(|| Some(variable("HOME").filter(absolute)?.join(below_home)))
}

/// The last value of `name`, which is the one that a shell uses; `None` if it is empty.
pub(super) fn variable<'a>(env: &'a [(String, String)], name: &str) -> Option<&'a str> {
    env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// A path as a layer writes it. `~/` is the home folder, because no shell replaces it here. In a file a relative path starts
/// at the file's folder, so that it means the same wherever clicktop is started.
pub(super) fn resolve(path: &str, home: Option<&str>, folder: Option<&Path>) -> String {
    if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), home) {
        return Path::new(home).join(rest).to_string_lossy().into_owned();
    }
    match folder {
        Some(folder) if !path.is_empty() => folder.join(path).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lives_where_xdg_says_else_below_home() {
        let with = |variables: &'static [(&str, &str)]| {
            data_dir_of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(with(&[("XDG_DATA_HOME", "/data"), ("HOME", "/home/a")]), Some("/data/clicktop".into()));
        assert_eq!(with(&[("HOME", "/home/a")]), Some("/home/a/.local/share/clicktop".into()));
        assert_eq!(
            with(&[("XDG_DATA_HOME", "data"), ("HOME", "/home/a")]),
            Some("/home/a/.local/share/clicktop".into())
        );
        assert_eq!(with(&[("XDG_DATA_HOME", "")]), None);
    }

    #[test]
    fn paths_start_at_the_file_or_at_home() {
        let folder = Some(Path::new("/etc/clicktop"));
        assert_eq!(resolve("ca.pem", Some("/home/a"), folder), "/etc/clicktop/ca.pem");
        assert_eq!(resolve("/ca.pem", Some("/home/a"), folder), "/ca.pem");
        assert_eq!(resolve("~/ca.pem", Some("/home/a"), folder), "/home/a/ca.pem");
        assert_eq!(resolve("ca.pem", None, None), "ca.pem");
        assert_eq!(resolve("", None, folder), "");
    }
}
