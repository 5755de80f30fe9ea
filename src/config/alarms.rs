//! `[alarms]`: when an alarm begins and ends, and who is told.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::Check;
use super::error::ConfigError;
use super::secret_file::secret_or_file;
use super::units::{duration, optional_duration};
use crate::engine::alarms::tell::{CommandLine, TellOptions, WebhookOptions};
use crate::engine::alarms::{AlarmKind, AlarmOptions, AlarmRules, Rule};
use crate::loopback::is_plain_to_others;
use crate::secret::Secret;

/// `[alarms]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmSettings {
    /// How long a value must be good again.
    #[serde(with = "duration")]
    pub calm: Duration,
    /// A program and its arguments; empty for none.
    #[serde(default)]
    pub command: Vec<String>,
    /// A url that is told of alarms.
    pub webhook: Option<Secret>,
    /// A file that holds the url, instead.
    pub webhook_file: Option<PathBuf>,
    /// `alarms.webhook_ca_file`: certificates to trust in addition to the public ones, PEM.
    pub webhook_ca_file: Option<PathBuf>,
    /// How long a run or a request may take.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// The most runs a minute, and the most requests.
    pub runs_a_minute: NonZeroUsize,
    /// `[alarms.behind]`.
    pub behind: TimeAlarm,
    /// `[alarms.lag]`.
    pub lag: CountAlarm,
    /// `[alarms.headroom]`, in percent.
    pub headroom: CountAlarm,
    /// `[alarms.delay]`.
    pub delay: TimeAlarm,
    /// `[alarms.backlog]`.
    pub backlog: CountAlarm,
    /// `[alarms.rejects]`.
    pub rejects: CountAlarm,
    /// `[alarms.stage]`.
    pub stage: StageAlarm,
    /// `[alarms.silence]`.
    pub silence: SilenceAlarm,
    /// `[alarms.index]`.
    pub index: CountAlarm,
}

/// An alarm whose value is a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeAlarm {
    /// Where it begins; `None` for no alarm.
    #[serde(default, with = "optional_duration")]
    pub begin: Option<Duration>,
    /// Where it ends; `None` for half of `begin`.
    #[serde(default, with = "optional_duration")]
    pub end: Option<Duration>,
    /// How long it must last.
    #[serde(with = "duration")]
    pub hold: Duration,
}

/// An alarm whose value is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountAlarm {
    /// Where it begins; `None` for no alarm.
    #[serde(default)]
    pub begin: Option<u32>,
    /// Where it ends; `None` for half of `begin`, and for the headroom twice of it.
    #[serde(default)]
    pub end: Option<u32>,
    /// How long it must last.
    #[serde(with = "duration")]
    pub hold: Duration,
}

/// The alarm of a stage that does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageAlarm {
    /// How long it must last; `None` for no alarm.
    #[serde(default, with = "optional_duration")]
    pub hold: Option<Duration>,
}

/// The alarm of clicks that do not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceAlarm {
    /// How long none has come; `None` for no alarm.
    #[serde(default, with = "optional_duration")]
    pub begin: Option<Duration>,
}

impl TimeAlarm {
    fn rule(&self) -> Option<Rule> {
        let begin = self.begin?;
        let end = self.end.unwrap_or(begin / 2);
        Some(Rule { begin: begin.as_secs_f64(), end: end.as_secs_f64(), hold: self.hold })
    }
}

impl CountAlarm {
    fn rule(&self) -> Option<Rule> {
        let begin = f64::from(self.begin?);
        Some(Rule { begin, end: self.end.map_or(begin / 2.0, f64::from), hold: self.hold })
    }

    /// The rule of a value that is worse if it is less, in percent.
    fn rule_below(&self) -> Option<Rule> {
        let begin = self.begin?;
        let end = self.end.unwrap_or_else(|| begin.saturating_mul(2).min(99));
        Some(Rule { begin: begin.into(), end: end.into(), hold: self.hold })
    }
}

impl AlarmSettings {
    /// The alarms, and who is told of them.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file of the webhook cannot be read.
    pub fn options(&self) -> Result<AlarmOptions, ConfigError> {
        let mut command = self.command.iter().cloned();
        let command = command.next().map(|program| CommandLine { program, arguments: command.collect() });
        let webhook = secret_or_file(&self.webhook, "alarms.webhook_file", &self.webhook_file)?;
        let webhook = webhook.map(|url| WebhookOptions { url, ca_file: self.webhook_ca_file.clone() });
        let tell = TellOptions { command, webhook, timeout: self.timeout, a_minute: self.runs_a_minute };
        Ok(AlarmOptions { rules: self.rules(), tell, renewals: None })
    }

    /// The same settings without command and webhook.
    #[must_use]
    pub fn telling_nobody(&self) -> Self {
        Self { command: Vec::new(), webhook: None, webhook_file: None, webhook_ca_file: None, ..self.clone() }
    }

    fn rules(&self) -> AlarmRules {
        let stage = self.stage.hold.map(|hold| Rule { begin: 1.0, end: 1.0, hold });
        let silence = self.silence.begin.map(|begin| begin.as_secs_f64());
        let silence = silence.map(|begin| Rule { begin, end: begin, hold: Duration::ZERO });
        let rules = [
            (AlarmKind::Headroom, self.headroom.rule_below()),
            (AlarmKind::Stage, stage),
            (AlarmKind::Silence, silence),
            (AlarmKind::Behind, self.behind.rule()),
            (AlarmKind::Lag, self.lag.rule()),
            (AlarmKind::Delay, self.delay.rule()),
            (AlarmKind::Backlog, self.backlog.rule()),
            (AlarmKind::Rejects, self.rejects.rule()),
            (AlarmKind::Index, self.index.rule()),
        ];
        let rules: BTreeMap<AlarmKind, Rule> =
            rules.into_iter().filter_map(|(kind, rule)| Some((kind, rule?))).collect();
        AlarmRules { rules, calm: self.calm }
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        let times = [("alarms.behind.end", &self.behind), ("alarms.delay.end", &self.delay)];
        for (key, alarm) in times {
            if alarm.begin.zip(alarm.end).is_some_and(|(begin, end)| end > begin) {
                check.refuse(key, "is more than begin; an alarm ends at a smaller value than it begins");
            }
        }
        let counts = [
            ("alarms.lag.end", &self.lag),
            ("alarms.backlog.end", &self.backlog),
            ("alarms.rejects.end", &self.rejects),
            ("alarms.index.end", &self.index),
        ];
        for (key, alarm) in counts {
            if alarm.begin.zip(alarm.end).is_some_and(|(begin, end)| end > begin) {
                check.refuse(key, "is more than begin; an alarm ends at a smaller value than it begins");
            }
        }
        if self.headroom.begin.zip(self.headroom.end).is_some_and(|(begin, end)| end < begin) {
            check.refuse("alarms.headroom.end", "is less than begin; this alarm ends at a larger value than it begins");
        }
        if self.command.first().is_some_and(|program| program.trim().is_empty()) {
            check.refuse("alarms.command", "begins with an empty text; name the program first");
        }
        if self.command.iter().any(|part| part.contains('\0')) {
            check.refuse("alarms.command", "holds a zero byte, which no program can be given");
        }
        check.exclusive(("alarms.webhook", &self.webhook), ("alarms.webhook_file", &self.webhook_file));
        // No part of the url may show in an error.
        if let Some(problem) = self.webhook.as_ref().and_then(|url| problem_of(url.expose())) {
            check.refuse("alarms.webhook", problem);
        }
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.webhook.as_ref().is_some_and(|url| is_plain_to_others(url.expose())) {
            warnings.push(
                "alarms.webhook is not https: alarms, and the secret in the url if it has one, can be read on the way"
                    .into(),
            );
        }
    }
}

/// Why nothing can be sent to `url`.
fn problem_of(url: &str) -> Option<&'static str> {
    let url = Url::parse(url.trim()).ok().filter(Url::has_host);
    let is_web = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    (!is_web).then_some("is no url of a server; begin it with http:// or https://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, Sources, load};

    fn loaded(env: &[(&str, &str)]) -> Result<AlarmSettings, ConfigError> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&Sources { env, ..Sources::default() }).map(|loaded| loaded.settings.alarms)
    }

    #[test]
    fn sensible_alarms_are_on_and_nobody_is_told() {
        let options = Settings::default().alarms.options().unwrap();
        let on: Vec<_> = options.rules.rules.keys().map(|kind| kind.name()).collect();
        assert_eq!(on, ["headroom", "stage", "silence", "behind", "delay", "backlog", "rejects", "index"]);
        assert!(options.tell.command.is_none() && options.tell.webhook.is_none());
        let behind = options.rules.rules[&AlarmKind::Behind];
        assert_eq!(behind, Rule { begin: 300.0, end: 150.0, hold: Duration::from_secs(60) });
        let headroom = options.rules.rules[&AlarmKind::Headroom];
        assert_eq!((headroom.begin, headroom.end), (20.0, 40.0));
    }

    #[test]
    fn an_empty_limit_switches_an_alarm_off() {
        let settings = loaded(&[
            ("CLICKTOP_ALARMS__BEHIND__BEGIN", ""),
            ("CLICKTOP_ALARMS__STAGE__HOLD", ""),
            ("CLICKTOP_ALARMS__INDEX__BEGIN", ""),
            ("CLICKTOP_ALARMS__LAG__BEGIN", "5000"),
            ("CLICKTOP_ALARMS__LAG__END", "4000"),
        ])
        .unwrap();
        let rules = settings.options().unwrap().rules.rules;
        let off = [AlarmKind::Behind, AlarmKind::Stage, AlarmKind::Index];
        assert!(off.iter().all(|kind| !rules.contains_key(kind)));
        assert_eq!((rules[&AlarmKind::Lag].begin, rules[&AlarmKind::Lag].end), (5_000.0, 4_000.0));
    }

    #[test]
    fn an_end_on_the_wrong_side_is_refused() {
        for (begin, end) in [
            (("CLICKTOP_ALARMS__DELAY__BEGIN", "1 min"), ("CLICKTOP_ALARMS__DELAY__END", "2 min")),
            (("CLICKTOP_ALARMS__REJECTS__BEGIN", "10"), ("CLICKTOP_ALARMS__REJECTS__END", "11")),
            (("CLICKTOP_ALARMS__HEADROOM__BEGIN", "30"), ("CLICKTOP_ALARMS__HEADROOM__END", "20")),
        ] {
            let error = loaded(&[begin, end]).unwrap_err().to_string();
            assert!(error.contains(end.0) && error.contains("than begin"), "{error}");
        }
    }

    #[test]
    fn a_command_is_a_program_with_arguments_that_no_shell_reads() {
        let alone = loaded(&[("CLICKTOP_ALARMS__COMMAND", "/opt/my programs/page")]).unwrap();
        assert_eq!(alone.command, ["/opt/my programs/page"]);
        let list = loaded(&[("CLICKTOP_ALARMS__COMMAND", r#"["/usr/bin/page", "--to", "$(reboot)"]"#)]).unwrap();
        let command = list.options().unwrap().tell.command.unwrap();
        assert_eq!(
            (command.program.as_str(), command.arguments.last().unwrap().as_str()),
            ("/usr/bin/page", "$(reboot)")
        );
        for wrong in [r#"["", "a"]"#, "[1]", r#"["a"#] {
            let error = loaded(&[("CLICKTOP_ALARMS__COMMAND", wrong)]).unwrap_err().to_string();
            assert!(error.contains("ALARMS__COMMAND"), "{error}");
        }
    }

    #[test]
    fn a_webhook_never_shows() {
        let url = "https://chat.example/hooks/hunter2";
        let settings = loaded(&[("CLICKTOP_ALARMS__WEBHOOK", url)]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.options().unwrap().tell.webhook.unwrap().url.expose(), url);
        let error = loaded(&[("CLICKTOP_ALARMS__WEBHOOK", "ftp://hunter2")]).unwrap_err().to_string();
        assert!(error.contains("ALARMS__WEBHOOK") && !error.contains("hunter2"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("webhook");
        std::fs::write(&file, format!("{url}\n")).unwrap();
        let file = file.to_str().unwrap();
        let settings = loaded(&[("CLICKTOP_ALARMS__WEBHOOK_FILE", file)]).unwrap();
        assert_eq!(settings.options().unwrap().tell.webhook.unwrap().url.expose(), url);
        loaded(&[("CLICKTOP_ALARMS__WEBHOOK_FILE", file), ("CLICKTOP_ALARMS__WEBHOOK", url)]).unwrap_err();
    }
}
