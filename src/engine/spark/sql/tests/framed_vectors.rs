//! Random Avro schemas, and content for them.

use serde_json::{Value, json};

/// Numbers that look random and are the same in each run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, or 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit.max(1)
    }

    /// A number of any magnitude.
    fn long(&mut self) -> i64 {
        let shift = self.below(64);
        (self.next() >> shift).cast_signed() * if self.below(2) == 0 { 1 } else { -1_i64 }
    }
}

/// A schema whose named types begin with `name`.
pub(super) fn any_schema(random: &mut Random, depth: u32, name: &str) -> Value {
    let logical = |of: &str, what: &str| json!({"type": of, "logicalType": what});
    let nested = if depth == 0 { 0 } else { 7 };
    match random.below(27 + nested) {
        0 => json!("null"),
        1 => json!("boolean"),
        2 => json!("int"),
        3 => json!("long"),
        4 => json!("float"),
        5 => json!("double"),
        6 => json!("bytes"),
        7 | 8 => json!("string"),
        9 => json!({"type": "fixed", "name": format!("{name}F"), "size": random.below(9) + 1}),
        10 => json!({"type": "enum", "name": format!("{name}E"), "symbols": ["A", "B_2", "null"]}),
        11 => logical("int", "date"),
        12 => logical("int", "time-millis"),
        13 => logical("long", "time-micros"),
        14 | 15 => logical("long", "timestamp-millis"),
        16 => logical("long", "timestamp-micros"),
        17 => logical("long", "timestamp-nanos"),
        18 => logical("long", "local-timestamp-millis"),
        19 => logical("long", "local-timestamp-micros"),
        20 => logical("string", "uuid"),
        21 | 22 => {
            let scale = random.below(12);
            json!({"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": scale})
        }
        23 => {
            let scale = random.below(6);
            json!({"type": {"type": "fixed", "name": format!("{name}D"), "size": 9, "logicalType": "decimal", "precision": 20, "scale": scale}})["type"].clone()
        }
        24 => json!({"type": "fixed", "name": format!("{name}P"), "size": 12, "logicalType": "duration"}),
        25 => json!(["null", any_one(random, depth, name)]),
        26 => json!(["null", "string"]),
        27 => json!({"type": "array", "items": any_schema(random, depth - 1, &format!("{name}a"))}),
        28 => json!({"type": "map", "values": any_schema(random, depth - 1, &format!("{name}m"))}),
        29 => json!(["null", any_one(random, depth, name), "boolean"]),
        30 => {
            json!(["string", "null", "int", {"type": "array", "items": any_schema(random, depth - 1, &format!("{name}u"))}])
        }
        31 => json!([any_one(random, depth, name)]),
        _ => {
            let fields: Vec<Value> = (0..=random.below(3))
                .map(|at| json!({"name": format!("f{at}"), "type": any_schema(random, depth - 1, &format!("{name}_{at}"))}))
                .collect();
            json!({"type": "record", "name": name, "fields": fields})
        }
    }
}

/// A schema that may stand in a union beside null and boolean.
fn any_one(random: &mut Random, depth: u32, name: &str) -> Value {
    loop {
        let schema = any_schema(random, depth.saturating_sub(1), &format!("{name}n"));
        if !schema.is_array() && schema != "null" && schema != "boolean" {
            return schema;
        }
    }
}

/// Writes a number as Avro does.
pub(super) fn long(number: i64, out: &mut Vec<u8>) {
    let mut number = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    long(i64::try_from(bytes.len()).unwrap(), out);
    out.extend(bytes);
}

fn text(random: &mut Random) -> String {
    let parts =
        ["", "a", "é", "\"", "\\", "\n", "\u{1}", "😀", "/p?q=1", " ", "\u{7f}", "'", "{{x}}", "\u{2028}", "null"];
    (0..random.below(5)).map(|_| parts[random.below(parts.len())]).collect()
}

fn raw(random: &mut Random, size: usize) -> Vec<u8> {
    (0..size).map(|_| random.next() as u8).collect()
}

/// Content of a schema.
pub(super) fn encoded(schema: &Value, random: &mut Random, out: &mut Vec<u8>) {
    if let Value::Array(branches) = schema {
        let branch = random.below(branches.len());
        long(i64::try_from(branch).unwrap(), out);
        return encoded(&branches[branch], random, out);
    }
    let kind = schema.as_str().or_else(|| schema["type"].as_str()).unwrap();
    let logical = schema["logicalType"].as_str().unwrap_or_default();
    match (kind, logical) {
        ("null", _) => {}
        ("boolean", _) => out.push(random.below(2) as u8),
        ("int", "time-millis") => long(i64::try_from(random.below(90_000_000)).unwrap(), out),
        ("int", _) => long(i64::from(random.long() as i32), out),
        ("long", "time-micros") => long(i64::try_from(random.below(90_000_000)).unwrap() * 1000, out),
        ("long", logical) if random.below(8) > 0 => {
            // A moment of the year 2026.
            let units = if logical.ends_with("-micros") {
                1_000
            } else if logical.ends_with("-nanos") {
                1_000_000
            } else {
                1
            };
            long(1_769_851_800_125 * units + random.long() % (1_000_000_000 * units), out);
        }
        ("long", _) => long(random.long(), out),
        ("float", _) => out.extend(match random.below(3) {
            0 => [0.0, -0.0, f32::NAN, f32::NEG_INFINITY, 1e-4, 9.5e-5, 1e7][random.below(7)].to_le_bytes(),
            // Of a number with all digits of its type, Java and Rust may write other ones.
            _ => (random.below(10_000) as f32 / 4.0).to_le_bytes(),
        }),
        ("double", _) => out.extend(match random.below(6) {
            0 => (random.long() as f64 / 1000.0).to_le_bytes(),
            1 => 1_769_851_800.125_f64.to_le_bytes(),
            2 => (random.long() as f64).to_le_bytes(),
            3 => [0.0, -0.0, f64::NAN, f64::INFINITY, 1e-4, 9.99e-5, 1e7, 1e16, 1e-5, 0.001][random.below(10)]
                .to_le_bytes(),
            _ => (random.below(1_000_000) as f64 / 64.0).to_le_bytes(),
        }),
        ("bytes", "decimal") => {
            let size = random.below(13);
            bytes(&raw(random, size), out);
        }
        ("bytes", _) => {
            let size = random.below(9);
            bytes(&raw(random, size), out);
        }
        ("string", "uuid") => match random.below(3) {
            0 => bytes(&raw(random, 16), out),
            1 => bytes(b"6f9619ff-8b86-d011-b42d-00cf4fc964ff", out),
            _ => bytes(text(random).as_bytes(), out),
        },
        ("string", _) => bytes(text(random).as_bytes(), out),
        ("fixed", _) => {
            let size = schema["size"].as_u64().unwrap();
            out.extend(raw(random, usize::try_from(size).unwrap()));
        }
        ("enum", _) => long(i64::try_from(random.below(3)).unwrap(), out),
        ("array" | "map", _) => {
            let mut number = 0;
            for _ in 0..random.below(3) {
                let count = random.below(3) + 1;
                let mut block = Vec::new();
                for _ in 0..count {
                    if kind == "map" {
                        number += 1;
                        bytes(format!("{}{number}", text(random)).as_bytes(), &mut block);
                    }
                    encoded(&schema[if kind == "map" { "values" } else { "items" }], random, &mut block);
                }
                let count = i64::try_from(count).unwrap();
                if random.below(3) == 0 {
                    long(-count, out);
                    long(i64::try_from(block.len()).unwrap(), out);
                } else {
                    long(count, out);
                }
                out.extend(block);
            }
            out.push(0);
        }
        ("record", _) => {
            for field in schema["fields"].as_array().unwrap() {
                encoded(&field["type"], random, out);
            }
        }
        other => panic!("{other:?}"),
    }
}
