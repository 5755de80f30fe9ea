//! No secret is printed.

use super::*;

#[test]
fn no_secret_is_printed_when_all_is_well() {
    for index in [("CLICKTOP_INDEX__NAME", "n"), ("CLICKTOP_INDEX__KIND", "elasticsearch")] {
        let loaded = from_env(&[&SECRETS[..], &[index]].concat()).unwrap();
        let json = serde_json::to_string(&loaded.settings).unwrap();
        let printed = format!("{}{loaded:?}{json}{:?}", loaded.render(), loaded.settings.warnings());
        assert!(!printed.contains(SECRET), "{printed}");
        assert!(printed.contains("***"));
    }
    let api_key = from_env(&[("CLICKTOP_INDEX__API_KEY", SECRET)]).unwrap();
    assert!(!format!("{}{api_key:?}", api_key.render()).contains(SECRET));
}

#[test]
fn no_secret_is_printed_when_something_is_wrong() {
    for text in [
        format!("kafka.sasl.password = ['{SECRET}']"),
        format!("kafka.sasl.password = {{ x = '{SECRET}' }}"),
        format!("kafka.sasl.password = '{SECRET}"),
        format!("kafka.sasl.password = {SECRET}"),
        format!("kafka.sasl.pasword = '{SECRET}'"),
        format!("kafka.sasl.password = '{SECRET}'"),
        format!("kafka.sasl.password = '{SECRET}'\nkafka.sasl.password = '{SECRET}'"),
        format!("kafka.properties.sasl.password = '{SECRET}'"),
        format!("kafka.properties.ssl.key.pem = ['{SECRET}']"),
        format!("index.urls = 'elastic:{SECRET}@search'"),
        format!("index.urls = 'http://elastic:{SECRET}@search?x'"),
        format!("index.urls = 'http://search?api_key={SECRET}'"),
        format!("index.danger_accept_invalid_certs = 'http://elastic:{SECRET}@search'"),
        format!("index.password = '{SECRET}'\nindex.password_file = 'f'"),
        format!("index.api_key = '{SECRET}'\nindex.username = 'u'"),
    ] {
        let error = Config::new(&text).load(&[]).unwrap_err();
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains(SECRET), "{text}\n{printed}");
    }
    let number = Config::new("index.password = 123456").load(&[]).unwrap_err().to_string();
    assert!(number.ends_with("expected text in quotes, found a number (***)"), "{number}");
    let misnamed = env_error(&[("CLICKTOP_INDEX__PASSWROD", SECRET)]);
    assert_eq!(
        misnamed,
        "unknown environment variable CLICKTOP_INDEX__PASSWROD; did you mean CLICKTOP_INDEX__PASSWORD?"
    );
}
