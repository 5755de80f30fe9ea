//! The keys, declared once: what is bound, the footer, the help, the palette and `clicktop keys` are all this table.

mod action;
mod binding;
mod context;
mod table;

pub use action::Action;
pub use binding::{Chord, KeyBinding};
pub use context::Context;
use table::TABLE;

/// Every key of the console, in the order of the footer.
pub fn key_table() -> &'static [KeyBinding] {
    TABLE
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::console::state::key_bindings::KeyBindings;

    #[test]
    fn no_key_is_bound_twice_in_one_context() {
        for (at, one) in TABLE.iter().enumerate() {
            for other in TABLE.iter().skip(at + 1).filter(|other| other.context == one.context) {
                for chord in one.chords.iter() {
                    assert!(!other.chords.contains(chord), "{} and {} share {chord:?}", one.label, other.label);
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_name_of_its_own_for_each_place() {
        let mut names: Vec<(Action, &str)> = Vec::new();
        for binding in key_table() {
            let of = binding.action.names();
            let modal = binding.context.is_modal();
            assert!(modal || of.len() == 1 || of.len() == binding.chords.len(), "{}", binding.label);
            for name in of {
                assert!(names.iter().all(|(action, known)| *action == binding.action || known != name), "{name}");
                names.push((binding.action, name));
            }
        }
    }

    #[test]
    fn every_binding_explains_itself() {
        for binding in key_table() {
            assert!(!binding.label.is_empty() && !binding.description.is_empty() && !binding.chords.is_empty());
        }
    }

    #[test]
    fn what_steers_a_stage_without_asking_holds_only_where_the_stages_have_the_focus() {
        let anywhere = TABLE.iter().filter(|binding| binding.context != Context::Stages);
        for binding in anywhere.filter(|binding| binding.action.steers()) {
            assert!(binding.dangerous, "{} acts wherever it is typed", binding.label);
        }
    }

    #[test]
    fn a_context_wins_over_everywhere_and_a_question_lets_nothing_through() {
        let keys = KeyBindings::default();
        let action = |code, modifiers, context| {
            keys.lookup(&KeyEvent::new(code, modifiers), context).map(|(binding, _)| binding.action)
        };
        let none = KeyModifiers::NONE;
        assert_eq!(action(KeyCode::Char('l'), none, Context::Stages), Some(Action::Right));
        assert_eq!(action(KeyCode::Char('l'), none, Context::Countries), Some(Action::ToggleLog));
        assert_eq!(action(KeyCode::Char('X'), KeyModifiers::SHIFT, Context::Urls), Some(Action::StopAll));
        assert_eq!(action(KeyCode::Char('X'), none, Context::Prompt), None);
        assert_eq!(action(KeyCode::Char('c'), KeyModifiers::CONTROL, Context::Prompt), None);
        assert_eq!(action(KeyCode::Char('c'), KeyModifiers::CONTROL, Context::Line), Some(Action::Quit));
        assert_eq!(action(KeyCode::Char('c'), none, Context::Urls), None);
        assert_eq!(action(KeyCode::Char('q'), KeyModifiers::ALT, Context::Urls), None);
        assert_eq!(action(KeyCode::Char('q'), none, Context::Help), Some(Action::Help));
    }
}
