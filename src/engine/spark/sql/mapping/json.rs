//! JSON events: the wanted values of a message, one step of their paths after the other.
//!
//! A value is its text in the message, so that numbers keep every digit. A fault is a text that begins with `S` if the event has another
//! shape, so that clicktop tries the next of several sources, and else with `H`; the name of the setting is added later.

use std::collections::HashMap;

use crate::click::mapping::compiled::{Node, Trie};
use crate::engine::spark::sql::literal::text;
use crate::engine::spark::sql::program::Program;

/// The deepest nesting of a message. Each level is a part of the regular expressions, and of the stack of the JVM.
pub(super) const MAX_DEPTH: usize = 32;

/// The columns of one slot.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// The JSON value; NULL if the event does not have it.
    pub(super) json: String,
    /// Why it cannot be read, or NULL.
    pub(super) fault: String,
}

/// The array whose elements are the clicks.
#[derive(Clone, Debug)]
pub(super) struct Each {
    /// The node of an element.
    pub(super) element: u16,
    /// The array of the elements; NULL if the message has none.
    pub(super) elements: String,
    /// What the message has instead; NULL if it has the array.
    pub(super) missing: String,
    /// The fault of everything in the array.
    pub(super) fault: String,
    /// The path of the array.
    pub(super) path: String,
}

/// Reads the values of a message, or of one element of its array of clicks.
pub(super) struct JsonValues<'a> {
    pub(super) program: &'a mut Program,
    pub(super) trie: &'a Trie,
    pub(super) slots: HashMap<u16, Token>,
    pub(super) each: Option<Each>,
}

impl<'a> JsonValues<'a> {
    pub(super) fn new(program: &'a mut Program, trie: &'a Trie) -> Self {
        Self { program, trie, slots: HashMap::new(), each: None }
    }

    /// Reads the value `json` of a node. If `fault` is not NULL, the value cannot be read.
    pub(super) fn value(&mut self, id: u16, json: &str, fault: &str) {
        let node = self.trie.node(id);
        if let Some(slot) = node.slot {
            self.slots.insert(slot, Token { json: json.to_owned(), fault: fault.to_owned() });
        }
        if node.is_leaf() {
            return;
        }
        let way = match wrong_way(node, json) {
            // The message itself is an object.
            _ if id == 0 => fault.to_owned(),
            wrong => self.program.define(format!("w{id}"), format!("coalesce({fault}, {wrong})")),
        };
        if node.wants_members() {
            self.members(id, node, json, &way);
        }
        if node.wants_elements() {
            self.elements(id, node, json, &way);
        }
    }

    fn members(&mut self, id: u16, node: &Node, json: &str, way: &str) {
        let object = format!("IF(startswith({json}, '{{'), {json}, NULL)");
        let names = self.program.define(format!("k{id}"), names_of(&object));
        let values =
            self.program.define(format!("v{id}"), format!("regexp_extract_all({object}, r'{{{{members}}}}', 2)"));
        let twice = self.program.define(format!("u{id}"), format!("size(array_distinct({names})) < size({names})"));
        for (name, child) in node.members() {
            let name = text(name);
            let is_twice = format!("IF({twice}, size(filter({names}, n -> n = {name})) > 1, false)");
            let again = text(&format!("HJSON: `{}` is given twice", self.trie.node(child).path));
            let fault =
                self.program.define(format!("d{child}"), format!("coalesce({way}, IF({is_twice}, {again}, NULL))"));
            if self.trie.each().is_some_and(|(array, _)| array == child) {
                self.program.define(format!("a{child}"), is_twice);
            }
            let value = format!("get({values}, CAST(array_position({names}, {name}) AS INT) - 1)");
            let value = self.program.define(format!("t{child}"), value);
            self.value(child, &value, &fault);
        }
    }

    fn elements(&mut self, id: u16, node: &Node, json: &str, way: &str) {
        let inner = format!("substring({json}, 2, length({json}) - 2)");
        let all = format!("IF(startswith({json}, '['), regexp_extract_all({inner}, r'{{{{value}}}}', 0), NULL)");
        let all = self.program.define(format!("l{id}"), all);
        for (index, child) in &node.indices {
            // A message has fewer bytes.
            let value =
                if *index < 1 << 30 { format!("get({all}, {index})") } else { "CAST(NULL AS STRING)".to_owned() };
            let value = self.program.define(format!("t{child}"), value);
            self.value(*child, &value, way);
        }
        for one in &node.selected {
            let (key, wanted) = (text(&one.key), text(&one.text));
            // Most elements need no second look.
            let likely = format!("(instr(e, {wanted}) > 0 OR instr(e, r'\\') > 0)");
            let value = format!(
                "get(regexp_extract_all(e, r'{{{{members}}}}', 2), CAST(array_position({}, {key}) AS INT) - 1)",
                names_of("e")
            );
            let is = format!(
                "get(transform(array({value}), v -> coalesce(IF(startswith(v, '\"'), {}, v) = {wanted}, false)), 0)",
                string_of("v")
            );
            let value = format!("get(filter({all}, e -> startswith(e, '{{') AND {likely} AND {is}), 0)");
            let value = self.program.define(format!("t{}", one.node), value);
            self.value(one.node, &value, way);
        }
        if let Some(element) = node.each {
            let again = format!("@a{id}");
            let again = if self.program.has(&format!("a{id}")) { again } else { "false".to_owned() };
            let but = if node.wants_members() { "{n" } else { "n" };
            let found = format!(
                "CASE WHEN {again} THEN 'given twice' WHEN startswith({json}, '[') THEN NULL \
                 ELSE coalesce(CASE WHEN {json} IS NULL THEN NULL {} END, 'missing') END",
                others(json, but)
            );
            let missing = self.program.define(format!("m{id}"), found);
            self.each = Some(Each { element, elements: all, missing, fault: way.to_owned(), path: node.path.clone() });
        }
    }
}

/// The fault of a value that is neither of the wanted containers, nor NULL.
fn wrong_way(node: &Node, json: &str) -> String {
    let (members, elements) = (node.wants_members(), node.wants_elements());
    let (fine, expected) = match (members, elements) {
        (true, true) => ("{[n", "an object or an array"),
        (true, false) => ("{n", "an object"),
        _ => ("[n", "an array"),
    };
    let begin = text(&format!("SJSON: `{}` is ", node.path));
    format!("concat({begin}, CASE WHEN {json} IS NULL THEN NULL {} END, ' instead of {expected}')", others(json, fine))
}

/// The branches of a CASE that name the type of `json`. Types that begin with a character of `but` are allowed, and give NULL.
fn others(json: &str, but: &str) -> String {
    let kinds = [
        ('{', "an object"),
        ('[', "an array"),
        ('"', "a string"),
        ('t', "a boolean"),
        ('f', "a boolean"),
        ('n', "null"),
    ];
    let named = kinds.iter().map(|(first, name)| match first {
        first if but.contains(*first) => format!("WHEN startswith({json}, '{first}') THEN NULL"),
        '"' => format!("WHEN startswith({json}, '\"') THEN IF(@replaced AND {json} = '\"\"', NULL, '{name}')"),
        _ => format!("WHEN startswith({json}, '{first}') THEN '{name}'"),
    });
    let named: Vec<String> = named.collect();
    format!("{} WHEN {json} IS NOT NULL THEN 'a number'", named.join(" "))
}

/// The names of the members of an object.
fn names_of(object: &str) -> String {
    let names = format!("regexp_extract_all({object}, r'{{{{members}}}}', 1)");
    let unescaped = string_of("concat('\"', n, '\"')");
    format!("IF(instr({object}, r'\\') = 0, {names}, transform({names}, n -> IF(instr(n, r'\\') = 0, n, {unescaped})))")
}

/// The text of a JSON string; NULL if it contains half of a surrogate pair.
pub(super) fn string_of(json: &str) -> String {
    format!(
        "IF(instr({json}, r'\\') = 0, substring({json}, 2, length({json}) - 2), \
         IF({json} RLIKE r'{{{{half_pair}}}}', NULL, get_json_object(concat('{{\"a\":', {json}, '}}'), '$.a')))"
    )
}

/// The regular expression of a value within a valid message, and that of a member.
pub(super) fn patterns() -> (String, String) {
    let string = r#""[^"\\]*+(?:\\.[^"\\]*+)*+""#;
    let mut nested = format!(r#"[\[{{](?:[^"\[\]{{}}]++|{string})*+[\]}}]"#);
    for _ in 2..MAX_DEPTH {
        nested = format!(r#"[\[{{](?:[^"\[\]{{}}]++|{string}|{nested})*+[\]}}]"#);
    }
    let value = format!(r#"(?:{string}|[^"\[\]{{}},\s]++|{nested})"#);
    let member = format!(r#""([^"\\]*+(?:\\.[^"\\]*+)*+)"[ \t\n\r]*+:[ \t\n\r]*+({value})"#);
    (value, member)
}
