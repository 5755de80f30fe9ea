use super::lab::{HOSTILE, Lab};
use crate::click::Timestamp;
use crate::engine::local::query::answers;
use crate::engine::local::query::board::CountryNames;
use crate::engine::spark::answers::page::Reach;
use crate::protocol::answer::PageDetails;
use crate::protocol::question::PageQuestion;

/// Everything about `url`: from the cluster, and from the local engine.
async fn both(lab: &Lab, reach: &Reach, url: &str, clicks: usize) -> (PageDetails, PageDetails) {
    let question = PageQuestion { url: url.to_owned(), clicks };
    let found = lab.ask(async |asked| lab.cluster.page(asked, &question, reach).await).await;
    let (mut reader, mut names) = (lab.local(), CountryNames::default());
    let wanted = answers::page(&mut reader, &mut names, &question, Timestamp::now()).unwrap();
    (found, wanted)
}

#[tokio::test]
async fn a_url_is_found_whatever_characters_it_has() {
    for (seed, urls) in [(11, &HOSTILE[1..10]), (12, &HOSTILE[16..18])] {
        let Some(lab) = Lab::with_clicks(seed, 1_500).await else { return };
        let reach = Reach::default();
        for url in urls {
            let (found, wanted) = both(&lab, &reach, url, 20).await;
            assert!(wanted.trend.is_some() && wanted.clicks.len() == 20, "{url:?} has clicks");
            assert_eq!(found, wanted, "{url:?}");
        }
        // Every click, and a text that is a part of urls or of a statement, but no url.
        let (found, wanted) = both(&lab, &reach, "/it's", 1_000).await;
        assert_eq!(found, wanted);
        for nothing in ["", "/", "' OR true --", "/it"] {
            let (found, wanted) = both(&lab, &reach, nothing, 20).await;
            assert_eq!((&found, &wanted), (&PageDetails::default(), &PageDetails::default()), "{nothing:?}");
        }
    }
}
