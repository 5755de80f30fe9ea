//! The clipboard of the terminal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The sequence with which a terminal puts `text` on the clipboard (OSC 52).
pub(crate) fn clipboard_sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_base64_which_cannot_end_the_sequence() {
        assert_eq!(clipboard_sequence("/a\u{7}b"), "\x1b]52;c;L2EHYg==\x07");
    }
}
