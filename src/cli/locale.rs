//! Decides by the locale whether the terminal takes UTF-8.

use std::process::{Command, Stdio};

/// The variable that names a locale without UTF-8, as `LC_ALL=C`; `None` if the locale is UTF-8 or no variable names one.
/// Containers and service managers set none, and the terminals that show them take UTF-8.
pub(super) fn without_utf8() -> Option<String> {
    decide(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()), charmap)
}

fn decide(variable: impl Fn(&str) -> Option<String>, charmap: impl FnOnce() -> Option<String>) -> Option<String> {
    let set = |name| variable(name).filter(|locale| !locale.is_empty()).map(|locale| (name, locale));
    let (name, locale) = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set)?;
    // language_TERRITORY.codeset@modifier
    let (base, _) = locale.split_once('@').unwrap_or((&locale, ""));
    let utf8 = match base.split_once('.') {
        Some((_, codeset)) => is_utf8(codeset),
        None if base == "C" || base == "POSIX" => false,
        // macOS sets LC_CTYPE=UTF-8. A name without a codeset can be either (de_DE is Latin-1, en_IN is UTF-8): ask the system.
        None => is_utf8(base) || charmap().is_none_or(|charmap| is_utf8(&charmap)),
    };
    (!utf8).then(|| format!("{name}={locale}"))
}

fn is_utf8(codeset: &str) -> bool {
    ["UTF-8", "utf8"].iter().any(|name| name.eq_ignore_ascii_case(codeset))
}

/// The codeset of the locale, by the system's command `locale`. `None` without that command, as with musl, which has UTF-8
/// only.
fn charmap() -> Option<String> {
    let mut command = Command::new("locale");
    let told = command.arg("charmap").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let charmap = String::from_utf8(told.stdout).ok()?;
    Some(charmap.trim().to_owned()).filter(|charmap| !charmap.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(variables: &[(&str, &str)], charmap: Option<&str>) -> Option<String> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        decide(variable, || charmap.map(str::to_owned))
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        for (variables, reason) in [
            (&[][..], None),
            (&[("LANG", "")], None),
            (&[("LANG", "en_US.UTF-8")], None),
            (&[("LANG", "de_DE.utf8@euro")], None),
            (&[("LANG", "C.UTF-8")], None),
            (&[("LC_CTYPE", "UTF-8")], None),
            (&[("LANG", "C")], Some("LANG=C")),
            (&[("LANG", "POSIX")], Some("LANG=POSIX")),
            (&[("LANG", "ru_RU.KOI8-R")], Some("LANG=ru_RU.KOI8-R")),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], Some("LC_ALL=C")),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], None),
            (&[("LANG", "C"), ("LC_ALL", ""), ("LC_CTYPE", "en_US.UTF-8")], None),
            (
                &[("LC_CTYPE", "de_DE.ISO-8859-15@euro"), ("LANG", "de_DE.UTF-8")],
                Some("LC_CTYPE=de_DE.ISO-8859-15@euro"),
            ),
        ] {
            let unasked = Some("asked for without need");
            assert_eq!(decided(variables, unasked).as_deref(), reason, "{variables:?}");
        }
    }

    #[test]
    fn the_system_is_asked_where_the_name_does_not_tell() {
        let latin = [("LANG", "de_DE@euro")];
        assert_eq!(decided(&latin, Some("ISO-8859-15")).as_deref(), Some("LANG=de_DE@euro"));
        assert_eq!(decided(&[("LANG", "en_IN")], Some("UTF-8")), None);
        assert_eq!(decided(&[("LANG", "en_IN")], None), None);
    }
}
