//! The keys. A table declares each of them once, for the bindings, the footer, the help, the palette and `clicktop keys`.

mod action;
mod binding;
pub(crate) mod bindings;
mod context;
mod table;

pub use action::Action;
pub use binding::{Chord, KeyBinding};
pub use context::Context;
pub use table::key_table;

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::table::TABLE;
    use super::*;
    use crate::console::keys::bindings::KeyBindings;

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
    fn each_key_with_an_action_of_its_own_has_a_name_of_its_own() {
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
    fn every_binding_has_a_label_and_a_description() {
        for binding in key_table() {
            assert!(!binding.label.is_empty() && !binding.description.is_empty() && !binding.chords.is_empty());
        }
    }

    #[test]
    fn keys_that_control_stages_without_asking_act_only_while_the_stages_have_the_focus() {
        let anywhere = TABLE.iter().filter(|binding| binding.context != Context::Stages);
        for binding in anywhere.filter(|binding| binding.action.controls_stages()) {
            assert!(binding.dangerous, "{} acts wherever the user presses it", binding.label);
        }
    }

    #[test]
    fn keys_of_a_context_come_first_and_a_question_hides_all_others() {
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
        assert_eq!(action(KeyCode::Char('c'), none, Context::Urls), Some(Action::CycleComparison));
        assert_eq!(action(KeyCode::Char('q'), KeyModifiers::ALT, Context::Urls), None);
        assert_eq!(action(KeyCode::Char('q'), none, Context::Help), Some(Action::Help));
    }
}
