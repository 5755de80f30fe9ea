//! The views that the fronts look at, and the newest board of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::engine::front::FrontId;
use crate::protocol::board::Board;
use crate::protocol::view::View;

/// Holds the boards that the snapshots show. It accepts a board only while a front asks for its view. So of two threads that make
/// boards, the one that is late cannot replace the other's board with that of an old view. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct BoardSlots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fronts: Mutex<BTreeMap<FrontId, Slot>>,
    /// How often a front has changed its view, joined or left.
    changes: AtomicU64,
}

/// What one front looks at.
#[derive(Debug, Default)]
struct Slot {
    view: View,
    /// The board that is shown: of this view, or of the one before until there is one of this.
    shown: Arc<Board>,
}

impl BoardSlots {
    /// The slots of an engine whose own front looks at the default view.
    pub(crate) fn new() -> Self {
        let fronts = BTreeMap::from([(FrontId::OWN, Slot::default())]);
        Self(Arc::new(Inner { fronts: Mutex::new(fronts), changes: AtomicU64::new(0) }))
    }

    /// A front looks at `view` now. If another front has its board already, that is shown at once.
    pub(crate) fn set_view(&self, front: FrontId, view: View) {
        let mut fronts = self.0.fronts.lock();
        let same = fronts.values().find(|slot| slot.shown.view == view).map(|slot| Arc::clone(&slot.shown));
        let is_wanted = fronts.values().any(|slot| slot.view == view);
        let slot = fronts.entry(front).or_default();
        slot.view = view;
        // A board that no front wants any more may be old.
        if let Some(board) = same.filter(|_| is_wanted) {
            slot.shown = board;
        }
        self.0.changes.fetch_add(1, SeqCst);
    }

    /// A front has gone.
    pub(crate) fn leave(&self, front: FrontId) {
        self.0.fronts.lock().remove(&front);
        self.0.changes.fetch_add(1, SeqCst);
    }

    /// The views that the fronts look at, each once.
    pub(crate) fn views(&self) -> Vec<View> {
        let mut views: Vec<View> = Vec::new();
        for slot in self.0.fronts.lock().values() {
            if !views.contains(&slot.view) {
                views.push(slot.view.clone());
            }
        }
        views
    }

    /// How often the views have changed.
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(SeqCst)
    }

    /// The board that a front is shown.
    pub(crate) fn shown(&self, front: FrontId) -> Arc<Board> {
        self.0.fronts.lock().get(&front).map(|slot| Arc::clone(&slot.shown)).unwrap_or_default()
    }

    /// Whether the board of `view` is shown to a front.
    pub(crate) fn has_board_of(&self, view: &View) -> bool {
        self.0.fronts.lock().values().any(|slot| slot.view == *view && slot.shown.view == *view)
    }

    /// Removes the rows that are shown: they are no longer true.
    pub(crate) fn clear(&self) {
        for slot in self.0.fronts.lock().values_mut() {
            slot.shown = Arc::new(Board { view: slot.view.clone(), ..Board::default() });
        }
    }

    /// Shows `board` to every front that asks for its view, if one does and `still` returns true. Returns whether it is shown.
    pub(crate) fn publish(&self, board: Board, still: impl FnOnce() -> bool) -> bool {
        let mut fronts = self.0.fronts.lock();
        let wanted = fronts.values().any(|slot| slot.view == board.view) && still();
        if wanted {
            let board = Arc::new(board);
            for slot in fronts.values_mut().filter(|slot| slot.view == board.view) {
                slot.shown = Arc::clone(&board);
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::view::Window;

    const OTHER: FrontId = FrontId::joined(1);

    fn of(window: Window) -> View {
        View { window, ..View::default() }
    }

    fn board(view: View, matching: u64) -> Board {
        Board { view, matching, ..Board::default() }
    }

    #[test]
    fn a_board_is_shown_to_those_who_ask_for_its_view() {
        let slots = BoardSlots::new();
        let hour = of(Window::LastHour);
        slots.set_view(FrontId::OWN, hour.clone());
        assert!(!slots.publish(board(View::default(), 1), || true), "nobody looks at it");
        assert!(slots.publish(board(hour.clone(), 2), || true));
        assert!(!slots.publish(board(hour.clone(), 3), || false));
        assert_eq!(slots.shown(FrontId::OWN).matching, 2);
        slots.set_view(FrontId::OWN, View::default());
        assert!(!slots.publish(board(hour, 4), || true));
        assert!(slots.publish(board(View::default(), 5), || true));
        assert_eq!(slots.shown(FrontId::OWN).matching, 5);
    }

    #[test]
    fn fronts_with_equal_views_share_a_board_and_others_have_their_own() {
        let slots = BoardSlots::new();
        let hour = of(Window::LastHour);
        assert!(slots.publish(board(View::default(), 1), || true));
        slots.set_view(OTHER, View::default());
        assert_eq!(slots.views(), [View::default()], "it is made once");
        assert!(Arc::ptr_eq(&slots.shown(OTHER), &slots.shown(FrontId::OWN)), "what is there is shown at once");
        let changes = slots.changes();
        slots.set_view(OTHER, hour.clone());
        assert_ne!(slots.changes(), changes);
        assert_eq!(slots.views(), [View::default(), hour.clone()]);
        assert_eq!(slots.shown(OTHER).matching, 1, "the old rows stay until there are new ones");
        assert!(!slots.has_board_of(&hour));
        assert!(slots.publish(board(hour.clone(), 2), || true));
        assert_eq!((slots.shown(FrontId::OWN).matching, slots.shown(OTHER).matching), (1, 2));
        slots.clear();
        assert_eq!(slots.shown(OTHER).view, hour);
        assert_eq!(slots.shown(OTHER).matching, 0);
        slots.leave(OTHER);
        assert_eq!(slots.views(), [View::default()]);
        assert!(!slots.publish(board(hour, 3), || true), "whoever looked at it has gone");
    }
}
