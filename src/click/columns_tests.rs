use proptest::prelude::*;

use super::*;
use crate::click::fields::NULL;
use crate::click::{Click, Decoder, Format};

#[track_caller]
fn columns(header: &str) -> Columns {
    Columns::of_header(header.as_bytes()).expect("columns").expect("a header")
}

#[track_caller]
fn message(header: &str, record: &str) -> String {
    let (mut scratch, mut out) = (String::new(), Vec::new());
    columns(header).write_message(record.as_bytes(), &mut scratch, &mut out).expect("a message");
    String::from_utf8(out).expect("text")
}

#[track_caller]
fn refused(header: &str) -> String {
    Columns::of_header(header.as_bytes()).expect_err("refused").to_string()
}

#[track_caller]
fn is_no_header(record: &[u8]) {
    assert_eq!(Columns::of_header(record), Ok(None), "{}", String::from_utf8_lossy(record));
}

#[test]
fn each_field_accepts_its_own_name_first() {
    assert_eq!(NAMES.map(|names| names[0]), FIELD_NAMES);
    let mut all: Vec<String> =
        NAMES.iter().flat_map(|names| names.iter().map(|name| squeeze(name).collect())).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "no name stands for two fields");
}

#[test]
fn a_possible_header_names_a_user_and_a_time() {
    for user in NAMES[Field::UserId as usize] {
        for time in NAMES[Field::Timestamp as usize] {
            let header = format!("id,url,{},\"{time}\"", user.to_uppercase());
            assert!(Columns::may_be_header(header.as_bytes()), "{header}");
        }
    }
    for record in ["", "c1,u1,2026-01-01T00:00:00Z,/user,FR", "user,id,url", "time,id,url"] {
        assert!(!Columns::may_be_header(record.as_bytes()), "{record}");
    }
}

#[test]
fn our_own_header_needs_no_mapping() {
    let names = FIELD_NAMES.join(",");
    for header in
        [names.clone(), names.to_uppercase(), format!("\u{feff}{names}\r\n"), names.replace("os", "Operating System")]
    {
        assert!(columns(&header).are_message_fields(), "{header}");
    }
    assert!(columns(&format!("\"{}\"\n", FIELD_NAMES.join("\",\""))).are_message_fields());
    for header in [names.replace(',', ";"), format!("{names},more"), names.replace("country,city", "city,country")] {
        assert!(!columns(&header).are_message_fields(), "{header}");
    }
}

#[test]
fn columns_are_found_by_their_names() {
    assert_eq!(message("user_id,click_id,timestamp,url,city,country", "u1,c1,0,/a,Lyon,FR"), "c1,u1,0,/a,FR,Lyon,,,");
    assert_eq!(
        message("Event ID;Visitor-Id;eventTime;PAGE_URL;extra\r\n", "c;\"u;1\";0;/a,b;x\r\n"),
        "c,u;1,0,\"/a,b\",,,,,"
    );
    assert_eq!(message("id\tuser\tts\tpath", "c\tu\t0\t/a"), "c,u,0,/a,,,,,");
    assert_eq!(message("id|user|time|uri", "{c|u|0|/a"), "\"{c\",u,0,/a,,,,,");
    let nested = "row_key,click_data.user_id,click_data.timestamp,click_data.url,geo_data.country,user_agent_data.operating_system";
    assert_eq!(message(nested, "c,u,0,/a,FR,Linux"), "c,u,0,/a,FR,,,Linux,");
    assert_eq!(message(",click_id,user_id,time,url", "0,c,u,0,\"/a\nb\""), "c,u,0,\"/a\nb\",,,,,");
    let passed_over = columns("id,user,time,url,price,\u{1b}[2J");
    assert_eq!(passed_over.skipped().iter().map(|name| &**name).collect::<Vec<_>>(), ["price", "\\u{1b}[2J"]);
}

#[test]
fn a_header_without_required_columns_is_refused_and_they_are_named() {
    let foreign = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
    let words = refused(foreign);
    assert!(words.contains(&foreign.replace(',', ", ")) && words.contains("click_id (or event_id"), "{words}");
    assert!(words.contains("url (or page") && !words.contains("timestamp (or"), "{words}");
    for header in [
        "click_id,user_id,timestamp,page_title",
        "timestamp;visitorid;event;itemid;transactionid",
        "date\ttitle\tprice",
        "user_pseudo,event_params,ga_session",
        "visitStartTime,fullVisitorId,pageViews",
        "click_id,user_id,when,url,country,city,browser,os,device",
    ] {
        let words = refused(header);
        assert!(words.contains("no column is") && words.lines().count() == 1, "{words}");
    }
    let many = (0..500).map(|number| format!("column_of_{number}x")).collect::<Vec<_>>().join(",");
    assert!(refused(&format!("user_id,date,{many}")).len() < 1_000);
}

/// Whatever the header looks like, what is under it is never taken by its position.
#[test]
fn a_header_in_any_notation_is_recognized() {
    let names = ["user_id", "click_id", "timestamp", "url", "country", "city", "browser", "os", "device"];
    let dressed = |dress: fn(&str) -> String, comma: &str| names.map(dress).join(comma);
    for header in [
        format!("#{}", names.join(",")),
        format!("# {}", names.join(",")),
        format!("\u{200b}{}", names.join(",")),
        format!("\"\u{feff}user_id\"{}", &names.join(",")[7..]),
        format!("\"user\nid\"{}", &names.join(",")[7..]),
        dressed(|name| format!("\"{name}\""), " , "),
        dressed(|name| format!("\"{name}\""), ", "),
        dressed(|name| format!("'{name}'"), ","),
        dressed(|name| format!("`{name}`"), ","),
        dressed(|name| format!("[{name}]"), ","),
        dressed(|name| format!("{name}?"), ","),
        dressed(|name| format!("clicks.{name}"), ","),
        dressed(|name| format!("\"t\".\"{name}\""), ","),
        dressed(|name| format!("ga:{}", name.replace('_', "")), ","),
    ] {
        let record = "u1,c1,0,/a,FR,Lyon,Firefox,Linux,desktop";
        assert_eq!(message(&header, record), "c1,u1,0,/a,FR,Lyon,Firefox,Linux,desktop", "{header}");
    }
    let latin = b"user_id,click_id,timestamp,url,country,cit\xe9,browser,os,device";
    assert_eq!(Columns::of_header(latin).expect("columns").expect("a header").width(), 9);
    for header in [
        "utilisateur,clic,horodatage,page,pays,ville,navigateur,système,appareil",
        "用户,点击,时间,页面,国家,城市,浏览器,系统,设备",
        "a,b,c,d,e,f,g,h,i",
        "who,what,when,where,country,x,y,z,w",
        "id,id,time,page,c,d,e,f,g",
        "user/visitor,click/hit,time/UTC,url,country,city,browser,os,device",
        "user_id,click_id,timestamp [UTC],url,country,city,browser,os,device",
        "user_id:string,click_id:string,timestamp:ts,url:string,country:s,city:s,browser:s,os:s,device:s",
        "user_id (text),click_id (text),timestamp (text),url (a),country (a),city (a),browser (a),os (a),device (a)",
    ] {
        let words = refused(header);
        assert!(words.contains("no column is") && words.lines().count() == 1, "{words}");
    }
}

#[test]
fn two_columns_for_one_field_are_refused() {
    for (header, words) in [
        ("click_id,user_id,timestamp,url,id", "both `click_id` and `id`"),
        ("id,user,time,page,uri", "may be url"),
        ("id,user,time,page,country,Country", "`country` and `Country`"),
    ] {
        assert!(refused(header).contains(words), "{}", refused(header));
    }
}

#[test]
fn a_record_is_not_taken_for_a_header() {
    for record in [
        "c1,u1,2024-01-01T00:00:00Z,/,FR,Paris,Firefox,Linux,desktop",
        "c,u,yesterday,/,FR,,,,",
        "c1,u1,soon,home,FR,Paris,Firefox,Linux,desktop",
        "id,user,1767225600,page",
        "just a line",
        "half a line,\"cut",
        ",,,,,,,,",
        "user_1,click_1,page_1",
        "V1,V2,V3,V4,V5,V6,V7,V8,V9",
        "c,u,soon,/home,FR,Paris,Firefox,Linux,desktop",
        "c,u,soon,home,FR,Paris,Firefox,Linux,",
        "",
    ] {
        is_no_header(record.as_bytes());
    }
    is_no_header(b"\xff,user_id");
    is_no_header("click_id,user_id,timestamp,url,".repeat(1_000).as_bytes());
}

#[test]
fn a_record_of_another_width_is_refused() {
    let columns = columns("url,id,user,time");
    let (mut scratch, mut out) = (String::new(), Vec::new());
    let error =
        |record: &[u8]| columns.write_message(record, &mut String::new(), &mut Vec::new()).expect_err("refused");
    assert_eq!(error(b"/,c,u").to_string(), "3 fields where the header has 4");
    assert_eq!(error(b"/,c,u,0,x"), RecordError::Width { found: 5, width: 4 });
    assert_eq!(error(b"/,\"c"), RecordError::Decode(DecodeError::UnterminatedQuote { field: 2 }));
    assert_eq!(error(b"\xff"), RecordError::Decode(DecodeError::Utf8 { at: 0 }));
    assert_eq!(columns.write_message(b"/,c,u,0", &mut scratch, &mut out), Ok(()));
}

#[test]
fn a_wrapped_record_is_never_a_click() {
    let mut out = Vec::new();
    write_no_click(b"c1,u1,2024-01-01T00:00:00Z,\"/\",FR,,,,", &mut out);
    assert!(Decoder::new(Format::Auto).decode(&out).is_err());
}

proptest! {
    #[test]
    fn any_order_and_separator_gives_the_same_click(
        texts in prop::collection::vec(".{1,9}", 8),
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        separator in prop::sample::select(SEPARATORS.to_vec()),
    ) {
        prop_assume!(texts[..3].iter().all(|text| !text.trim().is_empty()));
        prop_assume!(!texts.iter().any(|text| text == NULL));
        let fields: [&str; 9] =
            [&texts[0], &texts[1], "2026-01-31T09:30:00.000Z", &texts[2], &texts[3], &texts[4], &texts[5], &texts[6], &texts[7]];
        let mut writer = ::csv::WriterBuilder::new().delimiter(separator as u8).from_writer(Vec::new());
        writer.write_record(order.iter().map(|at| FIELD_NAMES[*at])).expect("written");
        writer.write_record(order.iter().map(|at| fields[*at])).expect("written");
        let text = String::from_utf8(writer.into_inner().expect("text")).expect("UTF-8");
        let (header, record) = text.split_once('\n').expect("two records");
        let message = message(header, record);
        let mut decoder = Decoder::new(Format::Auto);
        let click = decoder.decode(message.as_bytes()).expect("a click");
        let [click_id, user_id, _, url, country, city, browser, os, device] = fields;
        let timestamp = "2026-01-31T09:30:00Z".parse().expect("a time");
        prop_assert_eq!(click, Click { click_id, user_id, timestamp, url, country, city, browser, os, device });
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, header in "[a-z,;\"\n_ ]{0,40}") {
        let _ = Columns::of_header(&bytes);
        if let Ok(Some(columns)) = Columns::of_header(header.as_bytes()) {
            let _ = columns.write_message(&bytes, &mut String::new(), &mut Vec::new());
        }
    }
}
