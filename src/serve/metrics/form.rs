//! The two forms of the page.

/// A form of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0, which Prometheus asks for.
    OpenMetrics,
    /// The text format of Prometheus, which everything reads.
    #[default]
    Text,
}

impl Form {
    /// The form for a request whose header `Accept` is this.
    pub fn for_accept(accept: Option<&str>) -> Self {
        let wanted = |part: &str| {
            let mut parts = part.split(';').map(str::trim);
            let is_open = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
            is_open && parts.all(|parameter| !is_refused(parameter) && !is_other_version(parameter))
        };
        if accept.is_some_and(|accept| accept.split(',').any(wanted)) { Form::OpenMetrics } else { Form::Text }
    }

    /// The header `Content-Type` of the page.
    pub const fn content_type(self) -> &'static str {
        match self {
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Form::Text => prometheus_client::encoding::prometheus_text::CONTENT_TYPE,
        }
    }
}

/// `q=0`, also with zeros behind it.
fn is_refused(parameter: &str) -> bool {
    parameter.strip_prefix("q=").is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
}

fn is_other_version(parameter: &str) -> bool {
    parameter.strip_prefix("version=").is_some_and(|version| version != "1.0.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_open_metrics_gets_it() {
        let of = |accept| Form::for_accept(Some(accept));
        assert_eq!(Form::for_accept(None), Form::Text);
        for accept in ["*/*", "text/plain", "application/json", "application/openmetrics-text;q=0", ""] {
            assert_eq!(of(accept), Form::Text, "{accept}");
        }
        assert_eq!(of("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4"), Form::Text);
        let of_prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                             text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(of(of_prometheus), Form::OpenMetrics);
    }
}
