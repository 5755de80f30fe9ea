use super::*;

const REST: &str = r#""user_id":"u1","timestamp":"t","url":"/a""#;

fn fields(text: &str) -> Result<[String; 9], DecodeError> {
    let mut scratch = String::new();
    let record = read(text, &mut scratch)?;
    Ok(record.map(|piece| piece.text(&scratch).to_owned()))
}

fn error(text: &str) -> String {
    fields(text).expect_err(text).to_string()
}

#[test]
fn flat_nested_and_mixed_objects_give_the_same_fields() {
    let expected = ["c", "u", "t", "/a", "FR", "Paris", "Firefox", "Linux", "desktop"].map(String::from);
    for text in [
        r#"{"click_id":"c","user_id":"u","timestamp":"t","url":"/a","country":"FR","city":"Paris","browser":"Firefox","os":"Linux","device":"desktop"}"#,
        r#"{"row_key":"c","click_data":{"user_id":"u","timestamp":"t","url":"/a"},"geo_data":{"country":"FR","city":"Paris"},"user_agent_data":{"browser":"Firefox","operating_system":"Linux","device":"desktop"}}"#,
        r#"{"user_agent_data":{"device":"desktop","os":"Linux","browser":"Firefox"},"geo_data":{"city":"Paris","country":"FR"},"click_data":{"url":"/a","timestamp":"t","user_id":"u"},"click_id":"c"}"#,
        r#" { "row_key" : "c" , "user_id":"u", "timestamp":"t", "url":"/a", "geo_data":{"country":"FR","city":"Paris"},"browser":"Firefox","operating_system":"Linux","device":"desktop" } "#,
    ] {
        assert_eq!(fields(text), Ok(expected.clone()), "{text}");
    }
}

#[test]
fn escapes_are_decoded_in_names_and_values() {
    let read = fields(r#"{"\u0063lick_id":"\ud83d\ude00\u0000\"","url":"\/a\n","city":"Orl\u00e9ans","os":"é"}"#);
    let read = read.expect("valid");
    assert_eq!([&read[0], &read[3], &read[5], &read[7]], ["😀\0\"", "/a\n", "Orléans", "é"]);
}

#[test]
fn strings_without_escapes_are_borrowed_from_the_message() {
    let mut scratch = String::new();
    let record = read(r#"{"click_id":"é","user_id":12,"timestamp":1.5,"url":"/a"}"#, &mut scratch).expect("valid");
    assert!(record.iter().all(|piece| matches!(piece, Piece::Message(_))));
    assert_eq!(scratch, "");
}

#[test]
fn numbers_keep_every_digit() {
    let read = fields(r#"{"row_key":18446744073709551616123,"user_id":-7,"timestamp":1769851800.1250000001}"#);
    let read = read.expect("valid");
    assert_eq!([&read[0], &read[1], &read[2]], ["18446744073709551616123", "-7", "1769851800.1250000001"]);
}

#[test]
fn a_whole_number_is_the_same_id_however_it_is_written() {
    for (number, id) in [
        ("123.0", "123"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("1.23E+2", "123"),
        ("1200e-2", "12"),
        ("0.001e3", "1"),
        ("-7.000", "-7"),
        ("-0.0", "0"),
        ("0e99999999999999999999", "0"),
        ("9007199254740993.0", "9007199254740993"),
        ("12345678901234567890123456789.00", "12345678901234567890123456789"),
        ("1e39", "1000000000000000000000000000000000000000"),
    ] {
        let read = fields(&format!(r#"{{"click_id":{number},"user_id":{number}}}"#)).expect(number);
        assert_eq!([&read[0], &read[1]], [id, id], "{number}");
    }
    for number in ["1.5", "1e-1", "1e40", "1e999999999", "-1e-999999999", "1e99999999999999999999", "100.0001e3"] {
        assert!(error(&format!(r#"{{"user_id":{number}}}"#)).contains("`user_id` is a fraction, or"), "{number}");
    }
}

#[test]
fn a_number_is_text_for_a_field_that_may_be_empty() {
    let read = fields(r#"{"country":33,"city":75001,"browser":127.0,"os":10.15,"device":1e400000000}"#).expect("valid");
    assert_eq!([&read[4], &read[5], &read[6], &read[7], &read[8]], ["33", "75001", "127", "10.15", "1e400000000"]);
}

/// As the decoder does it.
fn with_nan(text: &str) -> Result<[String; 9], DecodeError> {
    let mut scratch = String::new();
    let text = without_nan(text).expect("has one");
    let record = read_without_nan(&text, &mut scratch)?;
    Ok(record.map(|piece| piece.text(&scratch).to_owned()))
}

#[test]
fn nan_and_infinity_count_as_null_everywhere() {
    let expected: [String; 9] = ["c", "u", "", "/NaN,NaN", "", "", "", "", ""].map(String::from);
    for text in [
        r#"{"click_id":"c","user_id":"u","url":"/NaN,NaN","country":NaN}"#,
        r#"{"click_id":"c","user_id":"u","url":"/NaN,NaN","x":NaN,"y":-Infinity , "z":[ NaN,Infinity,{"a":NaN}]}"#,
        r#"{"click_id":"c","user_id":"u","timestamp":NaN,"url":"/NaN,NaN","city":Infinity,"os": -Infinity}"#,
        r#"{"click_id":"c","click_data":{"user_id":"u","url":"/NaN,NaN"},"geo_data":NaN,"user_agent_data":Infinity}"#,
        r#"{"click_id":"c","user_id":"u","x":"\":NaN,\\","url":"\/NaN,NaN","city":NaN}"#,
    ] {
        assert_eq!(with_nan(text), Ok(expected.clone()), "{text}");
    }
}

#[test]
fn nan_is_replaced_only_where_it_is_a_value() {
    for text in [
        r#"{"url":"NaN","x":"a,NaN,b","y":":Infinity}"}"#,
        r#"{"url":nan}"#,
        r#"{"url":NaNa}"#,
        r#"{"url":1NaN}"#,
        r#"{"url":-NaN}"#,
        r#"{"a":1,NaN:2}"#,
        r#"{NaN:2}"#,
        r#"{"url":+Infinity}"#,
        r#"{"url":Infinity"#,
        r#"{"url":"\":NaN,"#,
    ] {
        assert_eq!(without_nan(text), None, "{text}");
    }
    // What is still wrong is named where it stands in the message.
    let broken = r#"{"country":NaN,"city":Infinity,"url":}"#;
    assert_eq!(
        with_nan(broken).expect_err("broken").to_string(),
        format!("JSON: expected value at line 1 column {}", broken.len())
    );
}

#[test]
fn null_is_empty_for_a_field_and_for_a_family() {
    let read = fields(r#"{"click_id":null,"country":null,"user_agent_data":null,"click_data":{"url":null}}"#);
    assert_eq!(read, Ok([""; 9].map(String::from)));
}

#[test]
fn unknown_fields_are_ignored_whatever_they_hold() {
    let read = fields(
        r#"{"v":2,"a":[{"url":"x"},1e999,"]}\\\"",null],"url":"/a","geo_data":{"url":"/b","country":"FR","click_id":"no"},"v":3}"#,
    );
    let read = read.expect("valid");
    assert_eq!([&read[0], &read[3], &read[4]], ["", "/a", "FR"]);
}

#[test]
fn a_field_given_twice_is_refused_under_any_of_its_names() {
    for (text, field) in [
        (r#"{"url":"/a","url":"/a"}"#, "url"),
        (r#"{"click_id":"c","row_key":"c"}"#, "click_id"),
        (r#"{"os":null,"operating_system":"Linux"}"#, "os"),
        (r#"{"country":"FR","geo_data":{"country":"FR"}}"#, "country"),
        (r#"{"user_agent_data":{"os":"a","operating_system":"b"}}"#, "os"),
        (r#"{"geo_data":{},"geo_data":{}}"#, "geo_data"),
        (r#"{"geo_data":null,"geo_data":{"city":"Paris"}}"#, "geo_data"),
    ] {
        assert_eq!(fields(text), Err(DecodeError::DuplicateField { field }), "{text}");
    }
}

#[test]
fn a_wrong_type_is_named_with_its_field() {
    for (text, expected) in [
        (r#"{"url":5}"#, "JSON: `url` is a number instead of a string"),
        (r#"{"city":["Paris"]}"#, "JSON: `city` is an array instead of a string or a number"),
        (r#"{"device":{"a":1}}"#, "JSON: `device` is an object instead of a string or a number"),
        (r#"{"country":true}"#, "JSON: `country` is a boolean instead of a string or a number"),
        (r#"{"timestamp":true}"#, "JSON: `timestamp` is a boolean instead of a string or a number"),
        (
            r#"{"click_id":1.5}"#,
            "JSON: `click_id` is a fraction, or a number of more than 40 digits instead of a string or an integer",
        ),
        (r#"{"user_id":true}"#, "JSON: `user_id` is a boolean instead of a string or an integer"),
        (r#"{"row_key":false}"#, "JSON: `click_id` is a boolean instead of a string or an integer"),
    ] {
        assert_eq!(error(text), expected);
    }
    for wrong in ["5", "-1.5", "true", "[]", "\"secret\""] {
        let shown = error(&format!(r#"{{"geo_data":{wrong}}}"#));
        assert!(shown.contains("expected an object as `geo_data`") && !shown.contains("secret"), "{shown}");
    }
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    for half in [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\u0041"] {
        let text = format!(r#"{{"url":"{half}"}}"#);
        assert_eq!(fields(&text), Err(DecodeError::NotText { field: "url" }), "{text}");
    }
}

#[test]
fn broken_json_is_reported_with_its_position() {
    for (text, expected) in [
        ("{", "JSON: EOF while parsing an object at line 1 column 1"),
        (r#"{"url":"/a"} x"#, "JSON: trailing characters at line 1 column 14"),
        (r#"{"url":"/a"}{"url":"/b"}"#, "JSON: trailing characters at line 1 column 13"),
        (r#"{"url":"/a",}"#, "JSON: trailing comma at line 1 column 13"),
        (
            "{\"url\":\"/a\nb\"}",
            "JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 10",
        ),
        (r#"{"url":"/a"#, "JSON: EOF while parsing a string at line 1 column 10"),
        (r#"{"url":NaN}"#, "JSON: expected value at line 1 column 8"),
        (r#"{"click_id":007}"#, "JSON: invalid number at line 1 column 14"),
        (r#"{url:"/a"}"#, "JSON: key must be a string at line 1 column 2"),
        (r#"{"url":"\x"}"#, "JSON: invalid escape at line 1 column 10"),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| format!(r#"{{"v":{}{},{REST}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(fields(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(fields(&nested(MAX_DEPTH + 1)), Err(DecodeError::TooDeep { limit: MAX_DEPTH }));
    assert_eq!(fields(&nested(200_000)), Err(DecodeError::TooDeep { limit: MAX_DEPTH }));
    // Brackets in strings are text, and siblings are not depth.
    assert!(fields(&format!(r#"{{"v":["{}\"[",{}0],{REST}}}"#, "[".repeat(200), "[],".repeat(200))).is_ok());
    // Where a known field or a family is nested, or the brackets never close.
    assert_eq!(
        error(&format!(r#"{{"url":{}1{}}}"#, "[".repeat(9_000), "]".repeat(9_000))),
        "JSON: `url` is an array instead of a string"
    );
    assert!(error(&"{\"click_data\":".repeat(30_000)).starts_with("JSON: EOF"));
    assert!(error(&format!("{{\"v\":{}", "[".repeat(200_000))).starts_with("JSON: EOF"));
}
