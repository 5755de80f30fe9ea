//! The id of a document, which is the same on every machine and in every run.

use uuid::Uuid;

use super::Document;

/// The namespace of clicktop's document ids. Changing it would change every id, and no document would be updated any more.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f6f7a9e_3d5c_4b57_9a3e_5d0a7c1b2e64);

impl Document {
    /// The document's `_id`: a UUID of version 5 (SHA-1) over the length of the url in bytes (as a big-endian 64-bit number), the url and
    /// the country. With the length, (`/a`, `bc`) and (`/ab`, `c`) have different ids. An id always has 36 characters; engines refuse an
    /// `_id` of more than 512 bytes.
    pub fn id(&self) -> String {
        id_of(&self.url, &self.country)
    }
}

/// The `_id` of the document of `url` and `country`; see [`Document::id`].
pub(super) fn id_of(url: &str, country: &str) -> String {
    let mut name = Vec::with_capacity(size_of::<u64>() + url.len() + country.len());
    name.extend_from_slice(&(url.len() as u64).to_be_bytes());
    name.extend_from_slice(url.as_bytes());
    name.extend_from_slice(country.as_bytes());
    Uuid::new_v5(&NAMESPACE, &name).to_string()
}

#[cfg(test)]
mod tests {
    use crate::search::tests::document;

    #[test]
    fn ids_never_change() {
        assert_eq!(document("https://example.com/a?b=1", "FR", 1).id(), "88af27c9-ec41-5d1b-b6c3-f381dfbfce00");
        assert_eq!(document("/ä", "DE", 1).id(), "0c3fc6c4-60e4-569e-988a-129c52bc3952");
    }

    #[test]
    fn urls_and_countries_with_the_same_joined_text_have_different_ids() {
        assert_ne!(document("/a", "bc", 1).id(), document("/ab", "c", 1).id());
    }

    #[test]
    fn the_figures_do_not_change_the_id() {
        let mut later = document("/a", "FR", 2);
        later.clicks = 99;
        assert_eq!(later.id(), document("/a", "FR", 1).id());
    }
}
