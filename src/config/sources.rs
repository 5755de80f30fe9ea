//! The sources of settings: file, environment and flags.

use std::fmt;
use std::path::PathBuf;

use super::error::ConfigError;
use super::foreign::is_of_the_tests;
use super::names::PREFIX;

/// Everything `load` reads settings from.
#[derive(Clone, Default)]
pub struct Sources {
    /// The config file that the user names; it must exist. `None`: the file that `CLICKTOP_CONFIG` names, else the user's
    /// own, `$XDG_CONFIG_HOME/clicktop/clicktop.toml`, if there is one. Never a file in the working directory that nobody
    /// names.
    pub file: Option<PathBuf>,
    /// The environment. `load` reads `CLICKTOP_…`, `HOME` and `XDG_CONFIG_HOME` only.
    pub env: Vec<(String, String)>,
    /// The settings that the flags give.
    pub flags: Vec<Override>,
}

/// One setting as a flag gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The setting's dotted key.
    pub key: &'static str,
    /// Its value as text; a list is separated by commas.
    pub value: String,
    /// The flag, `--topic`.
    pub flag: &'static str,
}

impl Sources {
    /// The process's own environment, with `file` and `flags`.
    ///
    /// # Errors
    /// [`ConfigError::NotUnicode`] for a `CLICKTOP_…` variable that is not UTF-8.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<Override>) -> Result<Self, ConfigError> {
        let mut env = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => env.push((name, value)),
                Err(_) if name.starts_with(PREFIX) && !is_of_the_tests(&name) => {
                    return Err(ConfigError::NotUnicode { name });
                }
                Err(_) => {}
            }
        }
        Ok(Self { file, env, flags })
    }
}

/// Without the environment's values: secrets are among them.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Sources").field("file", &self.file).field("env", &names).field("flags", &self.flags).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_the_sources_keeps_the_environment_to_itself() {
        let sources =
            Sources { env: vec![("CLICKTOP_INDEX__PASSWORD".into(), "hunter2".into())], ..Sources::default() };
        let debug = format!("{sources:?}");
        assert!(debug.contains("CLICKTOP_INDEX__PASSWORD") && !debug.contains("hunter2"), "{debug}");
    }
}
