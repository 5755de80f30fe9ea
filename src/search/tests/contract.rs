//! The contract of [`SearchIndex`], tested with every implementation.

use super::stand_in::StandIn;
use super::{clicked, document};
use crate::protocol::snapshot::Health;
use crate::search::elasticsearch::{Elasticsearch, ElasticsearchOptions};
use crate::search::embedded::Embedded;
use crate::search::{BulkOutcome, SearchIndex, SearchQuery};

/// Tests a promise with the embedded index, and with the Elasticsearch client and the stand-in engine. With `--ignored`, also with the real
/// engine at `CLICKTOP_TEST_SEARCH_URL`, in an index of its own. `CLICKTOP_TEST_SEARCH_CA` names a CA file for it.
macro_rules! promise {
    ($name:ident) => {
        mod $name {
            #[tokio::test]
            async fn embedded() {
                let dir = tempfile::tempdir().unwrap();
                let index = super::Embedded::open(dir.path()).unwrap();
                super::super::contract::promises::$name(&index).await;
            }

            #[tokio::test]
            async fn stand_in() {
                let engine = super::StandIn::start().await;
                let options = super::ElasticsearchOptions { urls: vec![engine.url()], ..Default::default() };
                let index = super::Elasticsearch::new(options).unwrap();
                super::super::contract::promises::$name(&index).await;
            }

            #[tokio::test]
            #[ignore = "needs an engine at CLICKTOP_TEST_SEARCH_URL"]
            async fn real_engine() {
                let url = std::env::var("CLICKTOP_TEST_SEARCH_URL").unwrap();
                let index = format!("clicktop-test-{}", uuid::Uuid::new_v4());
                let ca_file = std::env::var_os("CLICKTOP_TEST_SEARCH_CA").map(Into::into);
                let options = super::ElasticsearchOptions { urls: vec![url], index, ca_file, ..Default::default() };
                let index = super::Elasticsearch::new(options).unwrap();
                super::super::contract::promises::$name(&index).await;
                index.delete().await;
            }
        }
    };
}

promise!(prepare_reports_a_new_index_until_it_has_documents);
promise!(documents_come_back_as_they_were_written);
promise!(a_document_is_got_by_its_url_and_country);
promise!(only_a_greater_version_replaces);
promise!(a_batch_may_contain_a_document_twice);
promise!(a_part_of_a_url_is_found_in_any_ascii_case);
promise!(special_characters_are_literal);
promise!(short_texts_and_other_scripts_are_found);
promise!(results_are_ordered_and_limited);
promise!(a_country_narrows_the_search);
promise!(long_urls_are_accepted);
promise!(status_counts_documents);
promise!(a_cleared_index_is_empty_and_accepts_documents_again);

/// The urls that a search finds, in order.
async fn found(index: &dyn SearchIndex, text: &str, country: Option<&str>, limit: usize) -> Vec<String> {
    let query = SearchQuery { text: text.to_owned(), country: country.map(str::to_owned), limit };
    index.search(&query).await.unwrap().into_iter().map(|document| document.url).collect()
}

async fn fill(index: &dyn SearchIndex, documents: &[crate::search::Document]) {
    index.prepare().await.unwrap();
    let outcome = index.upsert(documents).await.unwrap();
    assert_eq!(outcome, BulkOutcome { conflicts: outcome.conflicts, ..BulkOutcome::default() });
    index.refresh().await.unwrap();
}

mod promises {
    use super::*;

    pub async fn prepare_reports_a_new_index_until_it_has_documents(index: &dyn SearchIndex) {
        assert!(index.prepare().await.unwrap().created);
        assert!(index.prepare().await.unwrap().created);
        fill(index, &[document("/a", "FR", 1)]).await;
        let prepared = index.prepare().await.unwrap();
        assert_eq!((prepared.created, prepared.documents), (false, 1));
    }

    pub async fn documents_come_back_as_they_were_written(index: &dyn SearchIndex) {
        let mut unknown = document("https://example.com/ä?q=\"1,2\"", "unknown", 1_800_000_000_000);
        unknown.avg_time_spent = None;
        unknown.clicks = 6;
        let mut early = document("/early", "FR", 1);
        early.first_seen = crate::click::Timestamp::from_millis(-1_234_567);
        fill(index, &[unknown.clone(), early.clone()]).await;
        let everything = SearchQuery { limit: 10, ..Default::default() };
        assert_eq!(index.search(&everything).await.unwrap(), [early, unknown]);
    }

    pub async fn a_document_is_got_by_its_url_and_country(index: &dyn SearchIndex) {
        let (french, german) = (document("/a?x=\"%_1", "FR", 3), document("/a?x=\"%_1", "DE", 4));
        fill(index, &[french.clone(), german.clone(), document("/ab", "FR", 1)]).await;
        assert_eq!(index.get(&french.url, "FR").await.unwrap(), Some(french.clone()));
        assert_eq!(index.get(&french.url, "DE").await.unwrap(), Some(german));
        assert_eq!(index.get(&french.url, "US").await.unwrap(), None);
        assert_eq!(index.get("/", "FR").await.unwrap(), None);
    }

    pub async fn only_a_greater_version_replaces(index: &dyn SearchIndex) {
        let at = |version, clicks| crate::search::Document { clicks, ..document("/a", "FR", version) };
        fill(index, &[at(5, 50)]).await;
        for older in [at(4, 40), at(5, 55)] {
            assert_eq!(index.upsert(&[older]).await.unwrap().conflicts, 1);
        }
        index.refresh().await.unwrap();
        let query = SearchQuery { limit: 10, ..Default::default() };
        assert_eq!(index.search(&query).await.unwrap(), [at(5, 50)]);
        fill(index, &[at(6, 10)]).await;
        assert_eq!(index.search(&query).await.unwrap(), [at(6, 10)]);
    }

    pub async fn a_batch_may_contain_a_document_twice(index: &dyn SearchIndex) {
        fill(index, &[document("/a", "FR", 2), document("/a", "FR", 3), document("/a", "FR", 1)]).await;
        let all = index.search(&SearchQuery { limit: 10, ..Default::default() }).await.unwrap();
        assert_eq!(all, [document("/a", "FR", 3)]);
        assert_eq!(index.status().await.unwrap().documents, 1);
    }

    pub async fn a_part_of_a_url_is_found_in_any_ascii_case(index: &dyn SearchIndex) {
        fill(index, &[document("https://Shop.example/Cart/Item-12", "FR", 1), document("/other", "FR", 1)]).await;
        for text in ["cart", "CART", "shop.EXAMPLE/c", "item-12", "https://shop.example/cart/item-12"] {
            assert_eq!(found(index, text, None, 10).await, ["https://Shop.example/Cart/Item-12"], "{text}");
        }
        for text in ["carts", "item-13", "tracitem", "cart/shop"] {
            assert!(found(index, text, None, 10).await.is_empty(), "{text}");
        }
    }

    pub async fn special_characters_are_literal(index: &dyn SearchIndex) {
        let urls = [
            "/star*star",
            "/mark?a=b",
            r"/back\slash",
            "/quote\"quote",
            "/per%cent",
            "/under_score",
            "/paren(a) OR b",
            "/col:on NEAR x",
            "/apo'strophe",
            "/plain",
            "/{a..b}^~-+",
        ];
        fill(index, &urls.map(|url| document(url, "FR", 1))).await;
        for url in urls {
            assert_eq!(found(index, url, None, 20).await, [url]);
            assert_eq!(found(index, url.get(2..).unwrap(), None, 20).await, [url]);
        }
        for text in ["st*st", "m?rk", r"plain\", "pl*", "/plai_", "%%", "plain OR star", "\"plain\"", "url:plain"] {
            assert!(found(index, text, None, 20).await.is_empty(), "{text}");
        }
        for (text, url) in [
            ("*", "/star*star"),
            ("?", "/mark?a=b"),
            (r"\", r"/back\slash"),
            ("%", "/per%cent"),
            ("_", "/under_score"),
            ("\"", "/quote\"quote"),
        ] {
            assert_eq!(found(index, text, None, 20).await, [url], "{text}");
        }
    }

    pub async fn short_texts_and_other_scripts_are_found(index: &dyn SearchIndex) {
        let urls = ["/a/x", "/größe", "/emoji/😀/🎉", "/日本語", "/GRÖSSE"];
        fill(index, &urls.map(|url| document(url, "FR", 1))).await;
        for (text, url) in [
            ("x", "/a/x"),
            ("A/", "/a/x"),
            ("😀", "/emoji/😀/🎉"),
            ("/😀/🎉", "/emoji/😀/🎉"),
            ("日本語", "/日本語"),
            ("本", "/日本語"),
            ("GRöß", "/größe"),
            ("gRÖs", "/GRÖSSE"),
        ] {
            assert_eq!(found(index, text, None, 10).await, [url], "{text}");
        }
    }

    pub async fn results_are_ordered_and_limited(index: &dyn SearchIndex) {
        let documents = [
            clicked("/page/b", "FR", 10),
            clicked("/page/c", "FR", 30),
            clicked("/page/a", "FR", 10),
            clicked("/page/d", "FR", 20),
        ];
        fill(index, &documents).await;
        for text in ["page", "ag", ""] {
            assert_eq!(found(index, text, None, 3).await, ["/page/c", "/page/d", "/page/a"], "{text}");
            assert_eq!(found(index, text, None, 100_000).await.len(), 4);
            assert!(found(index, text, None, 0).await.is_empty());
        }
    }

    pub async fn a_country_narrows_the_search(index: &dyn SearchIndex) {
        let documents = [
            clicked("/page/a", "FR", 3),
            clicked("/page/a", "DE", 2),
            clicked("/page/b", "FR", 1),
            clicked("/page/c", "fr", 9),
        ];
        fill(index, &documents).await;
        for text in ["page", "pa", ""] {
            assert_eq!(found(index, text, Some("FR"), 10).await, ["/page/a", "/page/b"], "{text}");
            assert_eq!(found(index, text, Some("DE"), 10).await, ["/page/a"], "{text}");
            assert!(found(index, text, Some("*"), 10).await.is_empty(), "{text}");
        }
    }

    pub async fn long_urls_are_accepted(index: &dyn SearchIndex) {
        let long = format!("/{}", "aé😀".repeat(75_000));
        let rather_long = format!("/{}needle", "a".repeat(7_000));
        fill(index, &[clicked(&long, "FR", 2), clicked(&rather_long, "FR", 1)]).await;
        assert_eq!(found(index, "", None, 10).await, [long, rather_long.clone()]);
        assert_eq!(found(index, "needle", None, 10).await, [rather_long.as_str()]);
        assert_eq!(found(index, &rather_long, None, 10).await, [rather_long.as_str()]);
        assert!(found(index, &rather_long.replace("needle", "noodle"), None, 10).await.is_empty());
    }

    pub async fn a_cleared_index_is_empty_and_accepts_documents_again(index: &dyn SearchIndex) {
        index.clear().await.unwrap();
        let documents: Vec<_> = (0..5).map(|n| document(&format!("/page/{n}"), "FR", 1)).collect();
        fill(index, &documents).await;
        assert_eq!(index.clear().await.unwrap(), 5);
        assert_eq!(index.status().await.unwrap().documents, 0);
        assert!(found(index, "page", None, 10).await.is_empty() && found(index, "", None, 10).await.is_empty());
        assert!(index.prepare().await.unwrap().created, "everything is to be sent again");
        assert_eq!(index.clear().await.unwrap(), 0);
        fill(index, &[document("/page/0", "FR", 3), document("/page/9", "FR", 3)]).await;
        assert_eq!(found(index, "page", None, 10).await, ["/page/0", "/page/9"]);
    }

    pub async fn status_counts_documents(index: &dyn SearchIndex) {
        fill(index, &[]).await;
        assert_eq!(index.status().await.unwrap().documents, 0);
        fill(index, &[document("/a", "FR", 1), document("/a", "DE", 1), document("/b", "FR", 1)]).await;
        fill(index, &[document("/a", "FR", 2)]).await;
        let status = index.status().await.unwrap();
        assert_eq!(status.documents, 3);
        assert!(status.health != Health::Unknown);
        assert!(status.bytes.unwrap() > 0);
    }
}
