//! The declaration of a setting: its key, its values, its default, its explanation and its flags.

use super::kind::Kind;

/// One setting. The defaults, the example file, the reference, the variables and the error messages all come from here.
pub(super) struct Setting {
    /// Its dotted name, `kafka.brokers`.
    pub(super) key: &'static str,
    /// The values that it takes.
    pub(super) kind: Kind,
    /// Its default, as a variable of the environment would hold it; empty for a setting that is not set.
    pub(super) default: &'static str,
    /// What it does: sentences for the example file and the reference.
    pub(super) help: &'static str,
    /// The flags that set it.
    pub(super) flags: &'static [&'static str],
}

impl Setting {
    /// The last part of its key, `brokers`.
    pub(super) fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }
}

/// The settings of one table of the config file.
pub(super) struct Section {
    /// The dotted name of the table; empty for the settings at the top of the file.
    pub(super) table: &'static str,
    /// What it is about, where its name does not say so.
    pub(super) help: &'static str,
    /// Its settings, in the order in which people read them.
    pub(super) settings: &'static [Setting],
}
