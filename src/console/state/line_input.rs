//! The line that the user types, and its purpose.

use super::text_input::TextInput;

/// Characters that a line takes: more than any url that people type.
pub(crate) const LINE_LENGTH: usize = 500;

/// The purpose of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinePurpose {
    /// The filter of the urls, the log or the rejects, as [`Pattern`](crate::protocol::Pattern) reads it.
    Filter,
    /// A part of a url to look for in the index.
    Search,
    /// A text to look for in the details.
    Find,
    /// The name of an action.
    Palette,
    /// The name of a file to write.
    Export,
}

/// The line that the user types.
#[derive(Clone, Debug)]
pub(crate) struct LineInput {
    pub(crate) purpose: LinePurpose,
    pub(crate) input: TextInput,
    /// What it began with: the text in force, which stays so if the user cancels the line.
    pub(crate) before: String,
    /// Of the actions that the palette offers, the picked one.
    pub(crate) picked_offer: usize,
    /// Why the filter is no pattern.
    pub(crate) problem: Option<String>,
}

impl LineInput {
    /// A line that begins with `text`.
    pub(crate) fn new(purpose: LinePurpose, text: String) -> Self {
        let input = TextInput::new(text.clone(), LINE_LENGTH);
        Self { purpose, input, before: text, picked_offer: 0, problem: None }
    }

    /// What is typed so far.
    pub(crate) fn text(&self) -> &str {
        self.input.text()
    }
}
