use proptest::prelude::*;

use super::*;

fn fields(text: &str) -> Result<Vec<String>, DecodeError> {
    let mut scratch = String::new();
    split(text, &mut scratch).map(|record| record.iter().map(|piece| piece.text(&scratch).to_owned()).collect())
}

#[test]
fn nine_plain_fields_are_split_at_commas() {
    assert_eq!(fields("1,2,3,4,5,6,7,8,9"), Ok("123456789".chars().map(String::from).collect()));
    assert_eq!(
        fields(",,,,,,,, x "),
        Ok([[""; 8].as_slice(), &[" x "]].concat().iter().map(|f| (*f).into()).collect())
    );
}

#[test]
fn quoted_fields_hold_commas_quotes_and_line_breaks() {
    let read = fields("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\"\",\"\"\"\",6,\"7\",8,\"9\"");
    let expected = ["a,b", "say \"hi\"", "two\r\nlines", "", "\"", "6", "7", "8", "9"];
    assert_eq!(read, Ok(expected.map(String::from).to_vec()));
}

#[test]
fn fields_without_doubled_quotes_are_borrowed_from_the_message() {
    let text = "\"a,b\",2,3,4,5,6,7,8,9";
    let mut scratch = String::new();
    let record = split(text, &mut scratch).expect("nine fields");
    assert!(record.iter().all(|piece| matches!(piece, Piece::Message(_))));
    assert_eq!(scratch, "");
}

#[test]
fn one_line_end_is_removed() {
    for end in ["\n", "\r\n", "\r"] {
        for last in ["9", "\"9\""] {
            assert_eq!(fields(&format!("1,2,3,4,5,6,7,8,{last}{end}")).expect("nine fields")[8], "9");
        }
    }
    assert_eq!(fields("1,2,3,4,5,6,7,8,9\n\n"), Err(DecodeError::BareLineBreak { field: 9 }));
}

#[test]
fn another_number_of_fields_is_counted_in_the_error() {
    assert_eq!(fields("1,2,3"), Err(DecodeError::FieldCount { found: 3 }));
    assert_eq!(fields("\"1,2,3\""), Err(DecodeError::FieldCount { found: 1 }));
    assert_eq!(fields(&",".repeat(1_000)), Err(DecodeError::FieldCount { found: 1_001 }));
    assert_eq!(fields("1,2,3,4,5,6,7,8,9,\"10\""), Err(DecodeError::FieldCount { found: 10 }));
    assert_eq!(
        DecodeError::FieldCount { found: 3 }.to_string(),
        "3 CSV fields instead of 9: click_id,user_id,timestamp,url,country,city,browser,os,device"
    );
}

#[test]
fn broken_quoting_is_refused_not_guessed() {
    for (text, error) in [
        ("1,2,3,\"/a,5,6,7,8,9", DecodeError::UnterminatedQuote { field: 4 }),
        ("1,2,3,4,5,6,7,8,\"", DecodeError::UnterminatedQuote { field: 9 }),
        ("1,2,3,4,5,6,7,8,\"9\"\"", DecodeError::UnterminatedQuote { field: 9 }),
        ("1,2,3,\"/a\"b,5,6,7,8,9", DecodeError::TextAfterQuote { field: 4 }),
        ("1,2,3,\"/a\" ,5,6,7,8,9", DecodeError::TextAfterQuote { field: 4 }),
        ("1,2,3,/a\"b,5,6,7,8,9", DecodeError::BareQuote { field: 4 }),
        ("1,2,3, \"/a\",5,6,7,8,9", DecodeError::BareQuote { field: 4 }),
        ("1,2,3,/a\",5,6,7,8,9", DecodeError::BareQuote { field: 4 }),
        ("1,2,3,/a\nb,5,6,7,8,9", DecodeError::BareLineBreak { field: 4 }),
        ("1,2,3,/a\rb,5,6,7,8,9", DecodeError::BareLineBreak { field: 4 }),
    ] {
        assert_eq!(fields(text), Err(error), "{text}");
    }
}

#[test]
fn a_header_is_the_nine_names_in_order() {
    for header in [
        "click_id,user_id,timestamp,url,country,city,browser,os,device",
        "CLICK_ID,User_Id,timestamp,url,country,city,browser,OS,device\r\n",
        "\"click_id\",\"user_id\",\"timestamp\",\"url\",\"country\",\"city\",\"browser\",\"os\",\"device\"\n",
        "\u{feff}click_id,user_id,timestamp,url,country,city,browser,os,device",
    ] {
        assert!(is_csv_header(header.as_bytes()), "{header}");
    }
    for other in [
        "",
        "click_id",
        "user_id,click_id,timestamp,url,country,city,browser,os,device",
        "click_id,user_id,timestamp,url,country,city,browser,os",
        "click_id,user_id,timestamp,url,country,city,browser,os,device,",
        "click_id,user_id,timestamp,url,country,city,browser,operating_system,device",
        "c1,u1,2026-01-31T09:30:00Z,/a,FR,Paris,Firefox,Linux,desktop",
    ] {
        assert!(!is_csv_header(other.as_bytes()), "{other}");
    }
    assert!(!is_csv_header(b"\xff"));
}

fn by_csv_crate(text: &str) -> Vec<String> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let record = reader.records().next().expect("a record").expect("UTF-8");
    record.iter().map(String::from).collect()
}

proptest! {
    #[test]
    fn accepted_records_read_the_same_in_the_csv_crate(
        parts in proptest::collection::vec(
            prop_oneof![10 => "[^\",\r\n]{0,4}", 10 => "\"([^\"]|\"\"){0,4}\"", 1 => "[a\",\n\r ]{0,4}"],
            9,
        ),
        end in "(\r?\n)?",
    ) {
        // A leading byte order mark is taken off before a record is split.
        let text = parts.join(",").trim_start_matches('\u{feff}').to_owned() + &end;
        if let Ok(read) = fields(&text) {
            prop_assert_eq!(read, by_csv_crate(&text));
        }
    }

    #[test]
    fn records_of_the_csv_crate_are_read(
        record in proptest::collection::vec(prop_oneof![any::<String>(), "[\",\r\n a]{0,6}"], 9)
    ) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(&record).expect("to memory");
        let text = String::from_utf8(writer.into_inner().expect("to memory")).expect("UTF-8");
        prop_assert_eq!(fields(&text), Ok(record));
    }
}
