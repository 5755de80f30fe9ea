//! Names of things on the server: small values that cannot be mistaken for each other.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Defines an id that is a UUID, as Spark prints and reads it.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A session on the server. Every client of one user that names the same id is in the same session.
    SessionId
}
uuid_id! {
    /// One execution of a plan.
    OperationId
}
uuid_id! {
    /// A streaming query. It keeps its id while it keeps its checkpoint.
    QueryId
}
uuid_id! {
    /// One run of a streaming query, from start to stop.
    RunId
}

impl SessionId {
    /// The session that every clicktop with this `root` shares. An id that has expired is refused for ever: the next
    /// `generation` gives another.
    pub(crate) fn for_root(root: &str, generation: u32) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{root}#{generation}").as_bytes()))
    }
}

impl OperationId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// One run of one streaming query: what the server asks for to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct QueryRun {
    /// The query.
    pub(crate) query: QueryId,
    /// Its run.
    pub(crate) run: RunId,
}

/// A tag on operations, by which they can be interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tag(String);

impl Tag {
    /// `None` if the text is empty or has a comma in it, which Spark refuses.
    pub(crate) fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty() && !text.contains(',')).then_some(Self(text))
    }

    /// As it is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_root_has_one_session_for_each_generation() {
        let first = SessionId::for_root("s3://bucket/clicks", 0);
        assert_eq!(first, SessionId::for_root("s3://bucket/clicks", 0));
        assert_ne!(first, SessionId::for_root("s3://bucket/clicks", 1));
        assert_ne!(first, SessionId::for_root("s3://bucket/other", 0));
        assert_eq!(first.to_string().parse::<SessionId>().unwrap(), first);
    }

    #[test]
    fn a_tag_is_what_spark_takes() {
        assert_eq!(Tag::new(""), None);
        assert_eq!(Tag::new("a,b"), None);
        assert_eq!(Tag::new("round 7").unwrap().as_str(), "round 7");
    }
}
