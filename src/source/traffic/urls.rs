//! The pages of the shop that the generated visitors look at, the most visited first.

use std::collections::HashSet;

/// Known by everyone, and with every character that a decoder may trip over among the popular ones.
const LANDMARKS: &[&str] = &[
    "/",
    "/products",
    "/cart",
    "/search?q=shoes",
    "/login",
    "/products/running-shoes",
    "/checkout",
    "/search?q=shoes,red",
    "/sale",
    "/account/orders",
    "/products/größe-42",
    "/search?q=\"winter coat\"",
    "/blog",
    "/help/returns",
    "/blog/2024/🚀-we-ship-to-60-countries",
    "/products/café-crème",
    "/contact",
    "/about",
    "/help/shipping",
    "/search?q=\"a, b\"&sort=price,asc",
];

const CATEGORIES: &[&str] =
    &["shoes", "jackets", "bags", "watches", "bikes", "tents", "lamps", "chairs", "books", "toys", "hüte", "jeux"];
const ADJECTIVES: &[&str] =
    &["light", "classic", "red", "blue", "urban", "trail", "soft", "vintage", "smart", "compact", "schöne", "élégant"];
const NOUNS: &[&str] =
    &["runner", "parka", "backpack", "chrono", "tourer", "dome", "desk", "stool", "novel", "puzzle", "mütze", "sac"];
const TOPICS: &[&str] = &[
    "how-we-pack",
    "meet-the-team",
    "size-guide",
    "care-tips",
    "behind-the-scenes",
    "gift-ideas",
    "new-in",
    "über-uns",
];

/// `count` different paths. The same for every seed, so that a url means the same page in every run.
pub fn paths(count: u32) -> Vec<String> {
    let mut paths: Vec<String> = Vec::with_capacity(count as usize);
    let mut seen: HashSet<String> = HashSet::with_capacity(count as usize);
    let made = (0u64..).map(path);
    for path in LANDMARKS.iter().map(ToString::to_string).chain(made) {
        if paths.len() >= count as usize {
            break;
        }
        if seen.insert(path.clone()) {
            paths.push(path);
        }
    }
    paths
}

/// The `n`-th made path. Each kind carries `n`, so no two are equal.
fn path(n: u64) -> String {
    let category = pick(CATEGORIES, n);
    let adjective = pick(ADJECTIVES, n / 3);
    let noun = pick(NOUNS, n / 7);
    match n % 10 {
        0..=4 => format!("/products/{category}/{adjective}-{noun}-{n}"),
        5 => format!("/search?q={adjective}+{noun}&page={}&v={n}", n % 4 + 1),
        6 => format!("/blog/{}/{:02}/{}-{n}", 2019 + n % 6, n % 12 + 1, pick(TOPICS, n / 5)),
        7 => format!("/{category}?filter=size:{},color:{adjective}&id={n}", 36 + n % 12),
        8 => format!("/help/{}/{n}", pick(TOPICS, n / 11)),
        _ => format!("/search?q=\"{adjective} {noun}\",{n}"),
    }
}

fn pick<'a>(words: &[&'a str], n: u64) -> &'a str {
    let at = usize::try_from(n).unwrap_or(usize::MAX).checked_rem(words.len()).unwrap_or_default();
    words.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_different_paths_as_asked() {
        for count in [1, 20, 2000, 30_000] {
            let paths = paths(count);
            assert_eq!(paths.len(), count as usize);
            assert_eq!(paths.iter().collect::<HashSet<_>>().len(), count as usize);
            assert!(paths.iter().all(|path| path.starts_with('/')));
        }
    }

    #[test]
    fn popular_pages_need_quoting_and_unicode() {
        let top = paths(20);
        for wanted in [",", "\"", "ö", "🚀"] {
            assert!(top.iter().any(|path| path.contains(wanted)), "no {wanted} in {top:?}");
        }
    }
}
