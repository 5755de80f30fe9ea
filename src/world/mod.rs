//! Finds the country that an event means, and its place on the map.
//!
//! The table is our own. Crates with ISO codes have no coordinates, and the one crate that has them brings megabytes
//! of other facts about every country.

mod countries;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) use countries::Country;

use countries::COUNTRIES;

/// Other names that events may give, as [`normalized`] leaves them, with the alpha-2 code.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("bolivia plurinational state of", "BO"),
    ("bonaire sint eustatius and saba", "BQ"),
    ("britain", "GB"),
    ("brunei darussalam", "BN"),
    ("burma", "MM"),
    ("cape verde", "CV"),
    ("congo brazzaville", "CG"),
    ("congo democratic republic of", "CD"),
    ("congo kinshasa", "CD"),
    ("congo republic", "CG"),
    ("czech republic", "CZ"),
    ("democratic republic of congo", "CD"),
    ("drc", "CD"),
    ("east timor", "TL"),
    ("el", "GR"),
    ("england", "GB"),
    ("falkland islands malvinas", "FK"),
    ("great britain", "GB"),
    ("holland", "NL"),
    ("holy see", "VA"),
    ("hong kong sar", "HK"),
    ("iran islamic republic of", "IR"),
    ("islamic republic of iran", "IR"),
    ("ivory coast", "CI"),
    ("korea", "KR"),
    ("korea democratic people s republic of", "KP"),
    ("korea republic of", "KR"),
    ("lao people s democratic republic", "LA"),
    ("macau", "MO"),
    ("macedonia", "MK"),
    ("micronesia federated states of", "FM"),
    ("moldova republic of", "MD"),
    ("palestine state of", "PS"),
    ("palestinian territory", "PS"),
    ("people s republic of china", "CN"),
    ("republic of congo", "CG"),
    ("republic of ireland", "IE"),
    ("republic of korea", "KR"),
    ("republic of moldova", "MD"),
    ("russian federation", "RU"),
    ("saint helena ascension and tristan da cunha", "SH"),
    ("saint martin french part", "MF"),
    ("scotland", "GB"),
    ("sint maarten dutch part", "SX"),
    ("swaziland", "SZ"),
    ("syrian arab republic", "SY"),
    ("taiwan province of china", "TW"),
    ("tanzania united republic of", "TZ"),
    ("turkey", "TR"),
    ("u k", "GB"),
    ("u s", "US"),
    ("u s a", "US"),
    ("uae", "AE"),
    ("uk", "GB"),
    ("united kingdom of great britain and northern ireland", "GB"),
    ("united republic of tanzania", "TZ"),
    ("united states of america", "US"),
    ("vatican", "VA"),
    ("venezuela bolivarian republic of", "VE"),
    ("viet nam", "VN"),
    ("virgin islands british", "VG"),
    ("virgin islands u s", "VI"),
    ("wales", "GB"),
];

/// Every code and name, normalized.
static BY_NAME: LazyLock<HashMap<String, &'static Country>> = LazyLock::new(|| {
    let mut names = HashMap::with_capacity(4 * COUNTRIES.len());
    for country in COUNTRIES {
        for name in [country.alpha2, country.alpha3, country.name] {
            names.insert(normalized(name), country);
        }
    }
    for (name, code) in OTHER_NAMES {
        if let Some(country) = COUNTRIES.iter().find(|country| country.alpha2 == *code) {
            names.insert((*name).to_owned(), country);
        }
    }
    names
});

/// The country that `text` names: by an ISO code of two or three letters, or in English.
pub(crate) fn locate(text: &str) -> Option<&'static Country> {
    // No name of a country is nearly as long; what is, is not worth reading.
    (text.len() <= 80).then(|| BY_NAME.get(&normalized(text)).copied()).flatten()
}

/// `text` without what spellings of one name differ in: case, accents, punctuation, "the", `&` and `St.`.
fn normalized(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à'..='å' => plain.push('a'),
            'ç' => plain.push('c'),
            'è'..='ë' => plain.push('e'),
            'ì'..='ï' => plain.push('i'),
            'ò'..='ö' => plain.push('o'),
            'ù'..='ü' => plain.push('u'),
            '&' => plain.push_str(" and "),
            // What combines with the letter before it, as in an `ü` of two characters.
            '\u{300}'..='\u{36f}' => {}
            c if c.is_alphanumeric() => plain.push(c),
            _ => plain.push(' '),
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    // A word alone may be a code: `ST`.
    if words.len() < 2 {
        return words.concat();
    }
    let mut name = String::with_capacity(plain.len());
    for word in words.into_iter().filter(|word| *word != "the") {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(if word == "st" { "saint" } else { word });
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        locate(text).map(|country| country.alpha2)
    }

    #[test]
    fn every_code_and_name_is_that_of_one_country_on_the_globe() {
        let mut seen = HashSet::new();
        for country in COUNTRIES {
            assert!(country.alpha2.len() == 2 && country.alpha3.len() == 3, "{country:?}");
            assert!((-90.0..=90.0).contains(&country.latitude), "{country:?}");
            assert!((-180.0..=180.0).contains(&country.longitude), "{country:?}");
            for text in [country.alpha2, country.alpha3, country.name] {
                assert!(seen.insert(normalized(text)), "{text} stands for two");
                assert_eq!(code(text), Some(country.alpha2));
            }
        }
        assert!(COUNTRIES.is_sorted_by_key(|country| country.alpha2));
        assert_eq!(COUNTRIES.len(), 251);
        for (name, alpha2) in OTHER_NAMES {
            assert_eq!(normalized(name), *name);
            assert!(seen.insert((*name).to_owned()), "{name} stands for two");
            assert_eq!(code(name), Some(*alpha2));
        }
    }

    #[test]
    fn spellings_of_a_country_all_lead_to_it() {
        for (text, alpha2) in [
            ("de", "DE"),
            (" DEU ", "DE"),
            ("germany", "DE"),
            ("USA", "US"),
            ("the United States", "US"),
            ("United States of America (the)", "US"),
            ("U.S.A.", "US"),
            ("Iran (Islamic Republic of)", "IR"),
            ("Korea, Republic of", "KR"),
            ("Cote d'Ivoire", "CI"),
            ("CÔTE D’IVOIRE", "CI"),
            ("Tu\u{308}rkiye", "TR"),
            ("Turkey", "TR"),
            ("St. Kitts & Nevis", "KN"),
            ("Bahamas, The", "BS"),
            ("ST", "ST"),
            ("EU", "EU"),
        ] {
            assert_eq!(code(text), Some(alpha2), "{text}");
        }
        for nowhere in ["", "unknown", "日本", "A1", "ZZ", "-", "de\u{1b}[31m", &"x".repeat(10_000)] {
            assert_eq!(code(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn the_countries_of_the_demo_and_of_the_sample_are_all_there() {
        for country in crate::source::traffic::places::COUNTRIES {
            assert_eq!(code(country.code), Some(country.code));
        }
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-clicks.csv");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(sample).expect("there");
        let mut found = 0;
        for record in reader.records() {
            let record = record.expect("CSV");
            let country = record.get(4).expect("nine fields");
            assert!(country.is_empty() || country == "country" || locate(country).is_some(), "{country}");
            found += usize::from(locate(country).is_some());
        }
        assert!(found > 1_000, "{found}");
    }

    /// What a real access log, located by address, held.
    #[test]
    fn the_countries_of_a_real_log_are_all_there() {
        let codes = "AE AR AT AU AZ BA BD BE BG BR BY BZ CA CH CK CL CN CO CZ DE DK DZ EE EG ES EU FI FR GB GE GH GR GT HK \
                     HN HR HU ID IE IL IN IQ IR IT JP KE KH KR KW KZ LB LT LU LV LY MA MD ME MK MM MX MY MZ NL NO NZ OM PE \
                     PH PK PL PT QA RO RS RU RW SA SD SE SG SI SK SV SY TH TR TT TW TZ UA US VE VN ZA";
        for alpha2 in codes.split_whitespace() {
            assert_eq!(code(alpha2), Some(alpha2));
        }
    }
}
