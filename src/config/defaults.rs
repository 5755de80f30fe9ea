//! The settings when no layer sets anything.

use super::settings::Settings;
use super::tree::Tree;

impl Default for Settings {
    fn default() -> Self {
        // The declarations are part of the program, and a test reads each: no input reaches this.
        Tree::of_defaults().read().expect("every declared default fits its setting")
    }
}
