//! Whether a front looks at what is asked of the cluster only for that.

use std::time::{Duration, Instant};

/// A front that looks asks every second. Nobody looks any more if no question came for this long.
const LOOK: Duration = Duration::from_secs(5);

/// When a front last looked.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Option<Instant>,
}

impl Looks {
    /// A front looks. Returns whether nobody looked before.
    pub(super) fn note(&mut self) -> bool {
        let was_quiet = !self.is_looked_at();
        self.last = Some(Instant::now());
        was_quiet
    }

    /// Whether a front looks now.
    pub(super) fn is_looked_at(&self) -> bool {
        self.last.is_some_and(|at| at.elapsed() <= LOOK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_looks_before_the_first_question_and_long_after_the_last() {
        let mut looks = Looks::default();
        assert!(!looks.is_looked_at());
        assert!(looks.note());
        assert!(looks.is_looked_at());
        assert!(!looks.note(), "somebody looked already");
        looks.last = Instant::now().checked_sub(LOOK + Duration::from_secs(1));
        assert!(!looks.is_looked_at());
    }
}
