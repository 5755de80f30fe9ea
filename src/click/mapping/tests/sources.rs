//! Several names, constants, joined texts and hashes.

use proptest::prelude::*;

use super::*;

const TIME: &str = "2026-01-31T09:30:00.000Z";

fn join(names: &[&str], with: &str) -> Source {
    Source::Join { parts: names.iter().map(|name| field(name)).collect(), with: with.to_owned() }
}

fn hash(names: &[&str]) -> Source {
    Source::Hash(names.iter().map(|name| field(name)).collect())
}

fn json(user: Source) -> Mapping {
    let mut mapping = mapping(Form::Json, Some("id"), "user", "at", "url");
    mapping.fields.user_id = Some(user);
    mapping
}

/// The user of an event with these members.
fn user(source: Source, members: &str) -> Result<String, String> {
    let event = format!(r#"{{"id":1,"at":"{TIME}","url":"/a",{members}}}"#);
    read(&mut decoder(&json(source)), &event).map(|click| click[1].clone())
}

#[test]
fn the_first_that_is_not_empty_is_taken() {
    let source = || first(&["userId", "anonymousId"]);
    assert_eq!(user(source(), r#""anonymousId":"a","userId":"u""#).as_deref(), Ok("u"));
    for empty in ["null", "\"\"", "\"  \"", "\"\\\\N\"", "NaN"] {
        let members = format!(r#""anonymousId":"\u0061","userId":{empty}"#);
        assert_eq!(user(source(), &members).as_deref(), Ok("a"), "{empty}");
    }
    let error = user(source(), r#""userId":1.5,"anonymousId":"a""#).expect_err("no id");
    assert_eq!(
        error,
        "JSON: `userId` is a fraction, or a number of more than 40 digits instead of a string or an integer (events.user_id)"
    );
    let error = user(source(), r#""x":1"#).expect_err("no user");
    assert_eq!(error, "`user_id` is missing or empty: events.user_id takes it from `userId` or `anonymousId`");
}

#[test]
fn constants_and_joined_texts_nest() {
    let source = Source::First(vec![
        join(&["a", "b"], "-"),
        Source::Join {
            parts: vec![join(&["c", "d"], "+"), Source::Constant("!".to_owned()), Source::Hash(vec![field("c")])],
            with: " ".to_owned(),
        },
    ]);
    assert_eq!(user(source.clone(), r#""a":"\u00e9","b":20170801"#).as_deref(), Ok("é-20170801"));
    assert_eq!(user(source.clone(), r#""b":true"#).as_deref(), Ok("true"), "no separator beside what is empty");
    let long = user(source, r#""c":"\"x\"","d":"y""#).expect("a user");
    assert!(long.starts_with("\"x\"+y ! ") && long.len() == 24, "{long}");
    assert_eq!(
        user(Source::First(vec![field("a"), Source::Constant("nobody".to_owned())]), r#""x":1"#).as_deref(),
        Ok("nobody")
    );
}

#[test]
fn a_hash_is_the_same_for_ever_and_other_parts_give_another() {
    let of = |members: &str| user(hash(&["a", "b"]), members);
    let known = of(r#""a":"192.0.2.7","b":"Mozilla/5.0""#).expect("a user");
    assert_eq!(known, "7e48cec224195d84");
    let others = [r#""a":"xy","b":"z""#, r#""a":"x","b":"yz""#, r#""a":"xyz""#, r#""b":"xyz""#, r#""a":"x""#];
    let hashes: std::collections::HashSet<_> = others.iter().map(|members| of(members).expect("a user")).collect();
    assert_eq!(hashes.len(), others.len());
    assert!(of(r#""a":"","b":null"#).is_err_and(|error| error.contains("takes it from `a` and `b`")));
}

#[test]
fn a_field_that_is_too_long_names_its_setting() {
    let compiled = json(join(&["a", "b"], "")).compile().expect("a mapping");
    let limits = FieldLimits { url: 10, field: 40 };
    let mut decoder = EventDecoder::new(Some(&compiled), Format::Auto, limits);
    let event =
        |a: usize| format!(r#"{{"id":1,"at":1769851800,"url":"/a","a":"{}","b":"{}"}}"#, "a".repeat(a), "b".repeat(20));
    assert!(read(&mut decoder, &event(20)).is_ok());
    refused(&mut decoder, &event(21), "`user_id` has 41 bytes, more than the 40 that events.max_field_bytes allows");
    let long = vec![b' '; 600_000];
    assert!(read_all(&mut decoder, &long).0[0].as_ref().is_err_and(|error| error.contains("longer than the limit")));
    assert!(
        read_all(&mut decoder, b"{\"a\":\"\xff\"}").0[0]
            .as_ref()
            .is_err_and(|error| error.contains("not UTF-8 at byte 6"))
    );
}

proptest! {
    #[test]
    fn a_join_is_the_texts_that_are_there(parts in prop::collection::vec(prop::option::of("[a-zé\"\\\\]{1,8}"), 1..5), with in "[-é]{0,2}") {
        let names: Vec<String> = (0..parts.len()).map(|at| format!("p{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let members: serde_json::Map<_, _> =
            names.iter().zip(&parts).map(|(name, part)| ((*name).to_owned(), part.clone().into())).collect();
        let members = serde_json::to_string(&members).expect("JSON");
        let texts: Vec<&str> = parts.iter().flatten().map(String::as_str).filter(|text| *text != "\\N").collect();
        let expected = texts.join(&with);
        prop_assume!(!texts.is_empty());
        let members = members.trim_matches(['{', '}']);
        prop_assert_eq!(user(join(&names, &with), members), Ok(expected));
    }
}
