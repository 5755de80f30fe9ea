//! Puts the values of parameters into a statement, as literals that cannot be anything else.
//!
//! Spark Connect can bind parameters itself, but Delta's parser, which stands before Spark's in a session with Delta, drops
//! them (Spark 4.2, Delta 4.4): `UNBOUND_SQL_PARAMETER`. So the client binds. A text travels as hexadecimal digits, which no
//! quote or escape can leave; Spark folds it to a constant when it plans.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::value::Value;

/// `sql` with the literal of each `:name` of `values` in its place. Other names stay, for Spark to complain of.
pub(super) fn bound(sql: &str, values: &HashMap<String, Value>) -> String {
    if values.is_empty() {
        return sql.to_owned();
    }
    let mut bound = String::with_capacity(sql.len().saturating_mul(2));
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let kept = match first {
            '\'' | '"' => quoted(rest, first, true),
            '`' => quoted(rest, first, false),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => commented(rest),
            // `::` is a cast, and `a:b` a path into a VARIANT.
            ':' if rest.starts_with("::") => 2,
            ':' if !bound.ends_with(|before: char| before.is_alphanumeric() || "_)]`'\"".contains(before)) => {
                let name = name_of(rest.get(1..).unwrap_or_default());
                match values.get(name) {
                    Some(value) => {
                        literal(&mut bound, value);
                        rest = rest.get(name.len().saturating_add(1)..).unwrap_or_default();
                        continue;
                    }
                    None => 1,
                }
            }
            other => other.len_utf8(),
        };
        let (as_it_is, after) = rest.split_at_checked(kept).unwrap_or((rest, ""));
        bound.push_str(as_it_is);
        rest = after;
    }
    bound
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The length of the quoted text at the beginning. A doubled quote ends one text and begins another, which is as good.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if escapes => escaped = true,
            c if c == quote => return at.saturating_add(quote.len_utf8()),
            _ => {}
        }
    }
    text.len()
}

/// The length of the comment at the beginning. Comments nest.
fn commented(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth = depth.saturating_add(1);
            at = at.saturating_add(2);
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at = at.saturating_add(2);
            if depth == 0 {
                return at;
            }
        } else {
            at = at.saturating_add(rest.chars().next().map_or(1, char::len_utf8));
        }
    }
    text.len()
}

/// Writing to a String cannot fail.
fn literal(sql: &mut String, value: &Value) {
    let _ = match value {
        Value::Null => write!(sql, "NULL"),
        Value::Bool(value) => write!(sql, "{value}"),
        Value::Int(value) => write!(sql, "CAST('{value}' AS INT)"),
        // Not `{value}L`: the smallest one is the negation of a number that is no BIGINT.
        Value::Long(value) => write!(sql, "CAST('{value}' AS BIGINT)"),
        Value::Double(value) => write!(sql, "CAST('{value:?}' AS DOUBLE)"),
        Value::Text(text) => {
            sql.push_str("CAST(X'");
            for byte in text.bytes() {
                let _ = write!(sql, "{byte:02X}");
            }
            write!(sql, "' AS STRING)")
        }
        Value::Timestamp(micros) => write!(sql, "timestamp_micros(CAST('{micros}' AS BIGINT))"),
        Value::Longs(values) => return array(sql, values.iter().map(|value| Value::Long(*value)), "BIGINT"),
        Value::Texts(values) => return array(sql, values.iter().map(|value| Value::Text(value.clone())), "STRING"),
    };
}

/// With its type, which an empty array would not have.
fn array(sql: &mut String, values: impl Iterator<Item = Value>, kind: &str) {
    sql.push_str("CAST(array(");
    for (at, value) in values.enumerate() {
        if at > 0 {
            sql.push_str(", ");
        }
        literal(sql, &value);
    }
    // Writing to a String cannot fail.
    let _ = write!(sql, ") AS ARRAY<{kind}>)");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(sql: &str) -> String {
        let values = [("n", Value::Int(7)), ("name", Value::Text("é'".to_owned())), ("long", Value::Longs(vec![]))];
        bound(sql, &values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    #[test]
    fn parameters_become_literals() {
        assert_eq!(with("SELECT :n, :name"), "SELECT CAST('7' AS INT), CAST(X'C3A927' AS STRING)");
        assert_eq!(with("f(:n)+:n<:n"), "f(CAST('7' AS INT))+CAST('7' AS INT)<CAST('7' AS INT)");
        assert_eq!(with(":long"), "CAST(array() AS ARRAY<BIGINT>)");
    }

    #[test]
    fn what_is_no_parameter_stays() {
        for sql in [
            "SELECT ':n'",
            r"SELECT 'it\'s :n', ''':n'",
            "SELECT \":n\", `a:n`, `b``:n`",
            "SELECT 1 -- :n",
            "SELECT /* :n /* */ :n */ 1",
            "SELECT x::n, a:n, f(x):n, TIMESTAMP'12:n'",
            "SELECT :other, :names, :",
            "SELECT 'never closed :n",
            "/* never closed :n",
        ] {
            assert_eq!(with(sql), sql);
        }
        assert_eq!(with("'a' :n -- x\n:n"), "'a' CAST('7' AS INT) -- x\nCAST('7' AS INT)");
    }

    proptest! {
        #[test]
        fn a_text_is_hexadecimal_digits_whatever_it_holds(text in any::<String>()) {
            let sql = bound(":t", &[("t".to_owned(), Value::Text(text.clone()))].into());
            let digits = sql.strip_prefix("CAST(X'").and_then(|sql| sql.strip_suffix("' AS STRING)")).unwrap();
            prop_assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            prop_assert_eq!(digits.len(), 2 * text.len());
        }

        #[test]
        fn no_statement_makes_it_panic(sql in "[:n'\"`/*\\\\ \n-]{0,40}|.{0,60}") {
            let _ = with(&sql);
        }
    }
}
