//! The layer of the defaults.

use super::settings::Settings;
use super::tree::Tree;

impl Default for Settings {
    #[allow(
        clippy::expect_used,
        reason = "the declarations are part of the program, and a test reads each: no input gets here"
    )]
    fn default() -> Self {
        Tree::of_defaults().read().expect("every declared default fits its setting")
    }
}
