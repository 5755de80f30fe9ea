//! Why there is no connection to the search engine: first in plain words, then in those of the library.

/// A part of what the libraries say, and what it means, at the end of a sentence. The first that fits counts.
const MEANINGS: [(&str, &str); 8] = [
    ("UnknownIssuer", "shows a certificate that is not trusted"),
    ("not valid for name", "shows a certificate for another name"),
    ("Expired", "shows a certificate that has expired"),
    ("InvalidContentType", "does not answer in TLS"),
    ("invalid HTTP version", "does not answer in HTTP"),
    ("dns error", "does not resolve"),
    ("Connection refused", "refuses connections"),
    ("etwork is unreachable", "cannot be reached from this network"),
];

/// The end of a sentence that begins with the target. `cause` is what the libraries say.
pub(super) fn words(cause: &str) -> String {
    match MEANINGS.iter().find(|(part, _)| cause.contains(part)) {
        Some((_, meaning)) => format!("{meaning} ({cause})"),
        None => format!("is unreachable: {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_words_come_before_those_of_the_library() {
        let refused = "client error (Connect): tcp connect error: Connection refused (os error 111)";
        assert_eq!(words(refused), format!("refuses connections ({refused})"));
        assert_eq!(words("broken pipe"), "is unreachable: broken pipe");
    }
}
