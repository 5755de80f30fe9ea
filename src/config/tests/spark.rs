//! Tests of `[spark]`: how the cluster reaches Kafka, and settings that do nothing there.

use super::*;

const ON_SPARK: [(&str, &str); 2] = [("CLICKTOP_ENGINE", "spark"), ("CLICKTOP_SPARK__ROOT", "/tables")];

fn on_spark(more: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    from_env(&[&ON_SPARK[..], more].concat())
}

fn refused(more: &[(&str, &str)]) -> String {
    on_spark(more).unwrap_err().to_string()
}

#[test]
fn options_of_the_clusters_kafka_come_from_file_and_environment_and_hide_secrets() {
    let config = Config::new(
        "engine = 'spark'\nspark.root = '/t'\n[spark.kafka.options]\nminPartitions = 16\n\
         'kafka.sasl.jaas.config' = 'hunter2-9f3c'\nkafka.group.id = 'a'\n",
    );
    let loaded = config.load(&[("CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_GROUP_ID", "b")]).unwrap();
    let options = &loaded.settings.spark.kafka.options;
    assert_eq!(options.get("minPartitions"), Some("16"));
    assert_eq!(options.get("kafka.sasl.jaas.config"), Some(SECRET));
    assert_eq!(options.get("kafka.group.id"), Some("b"));
    let shown = format!("{}{loaded:?}", loaded.render());
    assert!(!shown.contains(SECRET), "{shown}");
    let line = loaded.render().lines().find(|line| line.contains("kafka.group.id")).map(str::to_owned).unwrap();
    assert!(line.ends_with("# env CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_GROUP_ID"), "{line}");
}

#[test]
fn options_that_have_a_setting_are_refused_with_its_name() {
    for (option, advice) in [
        ("subscribe", "kafka.topic"),
        ("STARTINGOFFSETS", "kafka.start"),
        ("failOnDataLoss", "kafka.on_lost_offset"),
        ("kafka.bootstrap.servers", "spark.kafka.brokers"),
    ] {
        let error = file_error(&format!("[spark.kafka.options]\n'{option}' = 'x'"));
        assert!(error.contains(&format!("spark.kafka.options.{option} (line 2)")) && error.contains(advice), "{error}");
    }
    // librdkafka has other names.
    file_error("[kafka.properties]\n'bootstrap.servers' = 'x'");
}

#[test]
fn what_the_cluster_cannot_sign_in_with_is_refused() {
    let security = ("CLICKTOP_SPARK__KAFKA__SECURITY", "sasl_ssl");
    let mechanism = ("CLICKTOP_SPARK__KAFKA__MECHANISM", "PLAIN");
    let (user, password) = (("CLICKTOP_SPARK__KAFKA__USERNAME", "u"), ("CLICKTOP_SPARK__KAFKA__PASSWORD", SECRET));
    on_spark(&[security, mechanism, user, password]).unwrap();
    assert!(refused(&[mechanism]).contains("is not used while spark.kafka.security is not set"));
    assert!(refused(&[security]).contains("needs spark.kafka.mechanism"));
    assert!(refused(&[security, mechanism, password]).contains("PLAIN needs spark.kafka.username"));
    assert!(refused(&[security, mechanism, user]).contains("spark.kafka.password_file"));
    assert!(refused(&[("CLICKTOP_SPARK__KAFKA__SECURITY", "ssl"), user]).contains("is not used while"));
    assert!(refused(&[("CLICKTOP_SPARK__KAFKA__BROKERS", "a,,b")]).contains("host:port"));
    let oauth = ("CLICKTOP_SPARK__KAFKA__MECHANISM", "OAUTHBEARER");
    assert!(refused(&[security, oauth]).contains("kafka.sasl.jaas.config"));
    let own = [
        ("CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_SASL_MECHANISM", "AWS_MSK_IAM"),
        ("CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_SASL_JAAS_CONFIG", "x required;"),
    ];
    on_spark(&[&[security][..], &own].concat()).unwrap();
    // The console's own OAUTHBEARER is librdkafka's.
    let console = [("CLICKTOP_KAFKA__SECURITY", "sasl_ssl"), ("CLICKTOP_KAFKA__SASL__MECHANISM", "OAUTHBEARER")];
    assert!(refused(&console).contains("[spark.kafka.options]"));
    from_env(&console).unwrap();
}

#[test]
fn settings_that_do_nothing_on_spark_are_pointed_out_if_somebody_sets_them() {
    assert_eq!(on_spark(&[]).unwrap().warnings(), Vec::<String>::new());
    let unused = [
        ("CLICKTOP_KAFKA__GROUP", "g"),
        ("CLICKTOP_INGEST__QUEUE_BATCHES", "2"),
        ("CLICKTOP_AGGREGATE__INTERVAL", "2 s"),
        ("CLICKTOP_KAFKA__PROPERTIES__FETCH_WAIT_MAX_MS", "5"),
    ];
    let warnings = on_spark(&unused).unwrap().warnings();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings[0].starts_with("kafka.group has no effect with engine = \"spark\": "), "{warnings:?}");
    assert_eq!(from_env(&unused).unwrap().warnings(), Vec::<String>::new());
}

#[test]
fn the_url_of_spark_holds_neither_a_token_nor_a_session() {
    let with = |parameter: &str| refused(&[("CLICKTOP_SPARK__URL", &format!("sc://h:15002/;{parameter}"))]);
    let token = with("use_ssl=true;token=secret-1");
    assert!(token.contains("spark.token_file") && !token.contains("secret-1"), "{token}");
    let session = with("session_id=00112233-4455-6677-8899-aabbccddeeff");
    assert!(session.contains("chooses its sessions itself"), "{session}");
}
