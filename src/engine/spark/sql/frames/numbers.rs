//! Numbers, as `src/registry/out.rs` and `src/registry/avro/decode.rs` write them.

/// The JSON of a `float` or `double`: `null` for what is no number. Java writes other numbers with an exponent than Rust does.
pub(super) fn float(x: &str) -> String {
    // The digits without point, those of the exponent, and the sign.
    let parts = "struct(regexp_replace(t, r'\\.0E.*|E.*|[-.]', '') AS d, CAST(regexp_extract(t, r'E(.*)', 1) AS INT) AS e, \
                 IF(startswith(t, '-'), '-', '') AS s)";
    let shown = "CASE WHEN n.e >= 16 OR n.e < -4 THEN concat(n.s, left(n.d, 1), IF(length(n.d) > 1, '.', ''), substring(n.d, 2), 'e', n.e) \
                 WHEN n.e < 0 THEN concat(n.s, '0.', repeat('0', -n.e - 1), n.d) \
                 WHEN length(n.d) <= n.e + 1 THEN concat(n.s, rpad(n.d, n.e + 1, '0'), '.0') \
                 ELSE concat(n.s, left(n.d, n.e + 1), '.', substring(n.d, n.e + 2)) END";
    format!(
        "IF(isnan({x}) OR abs({x}) = double('Infinity'), 'null', get(transform(array(CAST({x} AS STRING)), t -> \
         IF(instr(t, 'E') = 0, t, get(transform(array({parts}), n -> {shown}), 0))), 0))"
    )
}

/// The JSON of a decimal number, whose digits are the bytes `x` in two's complement; `null` for one of more than 16 bytes.
pub(super) fn decimal(x: &str, scale: usize) -> String {
    if scale > 64 {
        return "'null'".to_owned();
    }
    let number = "try_add(try_multiply(CAST(conv(left(h, 16), 16, -10) AS DECIMAL(38, 0)), CAST(18446744073709551616 AS DECIMAL(20, 0))), \
                  CAST(conv(right(h, 16), 16, 10) AS DECIMAL(38, 0)))";
    let shown = if scale == 0 {
        "concat(n.s, n.d)".to_owned()
    } else {
        // At least one digit is before the point.
        let least = scale + 1;
        format!(
            "get(transform(array(IF(length(n.d) < {least}, lpad(n.d, {least}, '0'), n.d)), d -> \
             concat(n.s, left(d, length(d) - {scale}), '.', right(d, {scale}))), 0)"
        )
    };
    format!(
        "IF(octet_length({x}) > 16, 'null', get(transform(array(lpad(hex({x}), 32, IF(hex({x}) >= '8', 'F', '0'))), h -> \
         get(transform(array(CAST({number} AS STRING)), t -> IF(t IS NULL, 'null', get(transform(array(struct(\
         IF(startswith(t, '-'), '-', '') AS s, replace(t, '-', '') AS d)), n -> concat('\"', {shown}, '\"')), 0))), 0)), 0))"
    )
}

/// The JSON of a duration: months, days and milliseconds, each of four bytes with the lowest first.
pub(super) fn duration(x: &str) -> String {
    let part = |at: usize| {
        let bytes: Vec<String> =
            (0..4).rev().map(|byte| format!("substring(hex({x}), {}, 2)", at * 8 + byte * 2 + 1)).collect();
        format!("CAST(conv(concat({}), 16, 10) AS BIGINT)", bytes.join(", "))
    };
    let millis = part(2);
    format!(
        "concat('\"P', {}, 'M', {}, 'DT', {millis} div 1000L, '.', lpad(CAST({millis} % 1000L AS STRING), 3, '0'), 'S\"')",
        part(0),
        part(1)
    )
}
