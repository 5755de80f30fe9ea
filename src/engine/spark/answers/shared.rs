//! What several fronts share: equal views and equal questions are asked of the cluster once.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::engine::front::FrontId;

/// The keepers of one kind, each with its task and the fronts that use it. A keeper that no front uses ends.
pub(super) struct SharedKeepers<K>(Vec<Shared<K>>);

struct Shared<K> {
    keeper: Arc<K>,
    task: JoinHandle<()>,
    fronts: Vec<FrontId>,
}

impl<K> Drop for Shared<K> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<K> Default for SharedKeepers<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> SharedKeepers<K> {
    /// The keeper for what `front` wants now: that of another front which `fits`, else its own, else one that `make` makes. What a keeper
    /// of its own knows stays, so a small change may need no query.
    pub(super) fn take(
        &mut self,
        front: FrontId,
        fits: impl Fn(&K) -> bool,
        make: impl FnOnce() -> (Arc<K>, JoinHandle<()>),
    ) -> Arc<K> {
        if let Some(fitting) = self.0.iter_mut().find(|shared| fits(&shared.keeper)) {
            let keeper = Arc::clone(&fitting.keeper);
            if !fitting.fronts.contains(&front) {
                fitting.fronts.push(front);
            }
            self.leave_all_but(front, Some(&keeper));
            return keeper;
        }
        if let Some(own) = self.0.iter().find(|shared| shared.fronts == [front]) {
            return Arc::clone(&own.keeper);
        }
        self.leave(front);
        let (keeper, task) = make();
        self.0.push(Shared { keeper: Arc::clone(&keeper), task, fronts: vec![front] });
        keeper
    }

    /// The keeper that `front` uses.
    pub(super) fn of(&self, front: FrontId) -> Option<Arc<K>> {
        self.0.iter().find(|shared| shared.fronts.contains(&front)).map(|shared| Arc::clone(&shared.keeper))
    }

    /// Every keeper.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<K>> {
        self.0.iter().map(|shared| &shared.keeper)
    }

    /// A front has gone.
    pub(super) fn leave(&mut self, front: FrontId) {
        self.leave_all_but(front, None);
    }

    fn leave_all_but(&mut self, front: FrontId, kept: Option<&Arc<K>>) {
        for shared in &mut self.0 {
            let is_kept = kept.is_some_and(|kept| Arc::ptr_eq(kept, &shared.keeper));
            shared.fronts.retain(|user| *user != front || is_kept);
        }
        self.0.retain(|shared| !shared.fronts.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    const ONE: FrontId = FrontId::OWN;
    const OTHER: FrontId = FrontId::joined(1);

    /// Wants `what` for `front`, as the desk does.
    fn want(
        keepers: &mut SharedKeepers<Mutex<&'static str>>,
        front: FrontId,
        what: &'static str,
    ) -> Arc<Mutex<&'static str>> {
        let make = || (Arc::default(), tokio::spawn(std::future::pending()));
        let keeper = keepers.take(front, |keeper| *keeper.lock() == what, make);
        *keeper.lock() = what;
        keeper
    }

    #[tokio::test]
    async fn equal_wants_share_a_keeper_and_a_front_alone_keeps_its_own() {
        let mut keepers = SharedKeepers::default();
        let one = want(&mut keepers, ONE, "hour");
        assert!(Arc::ptr_eq(&one, &want(&mut keepers, ONE, "hour of FR")), "what it knows may answer this, too");
        let other = want(&mut keepers, OTHER, "hour of FR");
        assert!(Arc::ptr_eq(&one, &other));
        let apart = want(&mut keepers, OTHER, "minutes");
        assert!(!Arc::ptr_eq(&one, &apart), "the view of the other front stays");
        assert_eq!(*keepers.of(ONE).unwrap().lock(), "hour of FR");
        assert_eq!(keepers.all().count(), 2);
        want(&mut keepers, OTHER, "hour of FR");
        assert_eq!(keepers.all().count(), 1, "nobody looks at the minutes any more");
        keepers.leave(ONE);
        assert_eq!(keepers.all().count(), 1);
        keepers.leave(OTHER);
        assert!(keepers.of(OTHER).is_none());
        assert_eq!(keepers.all().count(), 0);
    }
}
