//! Columns that are computed from one another, each once.
//!
//! The optimizer would copy an expression into all of its uses. `LATERAL VIEW inline(array(struct(…)))` stops it; within a lambda,
//! `transform(array(struct(…)), s -> …)` does.

/// Columns with their expressions, in which `@name` is another column.
#[derive(Debug, Default)]
pub(super) struct Program {
    columns: Vec<Column>,
    /// Begins the names of the steps, which have to differ from those of an enclosing program.
    steps: &'static str,
}

#[derive(Debug)]
struct Column {
    name: String,
    sql: String,
    /// One more than the highest step of the columns that it uses.
    step: usize,
}

impl Program {
    /// A program whose steps are named `steps` and a number.
    pub(super) fn new(steps: &'static str) -> Self {
        Self { columns: Vec::new(), steps }
    }

    /// Reads columns as `times.sql` has them: a line `name =`, and indented lines.
    pub(super) fn read(&mut self, text: &str) {
        let mut name = "";
        let mut sql = String::new();
        for line in text.lines().filter(|line| !line.starts_with("--")).chain(["end ="]) {
            match line.strip_suffix(" =") {
                Some(next) if !line.starts_with(' ') => {
                    if !name.is_empty() {
                        self.define(name, std::mem::take(&mut sql).trim());
                    }
                    name = next;
                }
                _ => {
                    sql.push_str(line);
                    sql.push('\n');
                }
            }
        }
    }

    /// Adds a column. Returns how others name it.
    pub(super) fn define(&mut self, name: impl Into<String>, sql: impl Into<String>) -> String {
        let (name, sql) = (name.into(), sql.into());
        let used = names(&sql).filter_map(|(_, used)| self.column(used)).map(|column| column.step + 1);
        let step = used.max().unwrap_or(0);
        debug_assert!(self.column(&name).is_none(), "`{name}` is defined twice");
        let used = format!("@{name}");
        self.columns.push(Column { name, sql, step });
        used
    }

    /// Whether there is such a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns as `LATERAL VIEW`s, which follow a table.
    pub(super) fn laterals(&self) -> String {
        self.steps().map(|step| self.lateral(step)).collect()
    }

    /// The columns as views over one another and over `source`: their names and their queries.
    ///
    /// Spark resolves the query of a view by itself, and would take minutes for one query of all steps. Within a view, the steps are
    /// lambdas: these are interpreted, so Spark need not compile long methods for each of its nodes.
    pub(super) fn views(&self, name: &str, source: &str) -> Vec<(String, String)> {
        const STEPS: usize = 4;
        let steps: Vec<usize> = self.steps().collect();
        let mut below = source.to_owned();
        let views = steps.chunks(STEPS).enumerate().map(|(at, steps)| {
            let columns = self.columns.iter().filter(|column| steps.contains(&column.step));
            let columns: Vec<String> = columns.map(|column| format!("@{0} AS {0}", column.name)).collect();
            let result = self.nested(&format!("struct({})", columns.join(", ")), steps);
            let query =
                format!("SELECT * FROM {below} LATERAL VIEW inline(array(\n{})) view{at}", Self::plain(&result));
            below = format!("{name}_{at}");
            (below.clone(), query)
        });
        views.collect()
    }

    fn lateral(&self, step: usize) -> String {
        let columns = self.struct_of(step, &|name| Some(name.to_owned()));
        format!("LATERAL VIEW inline(array({columns})) {}{step}\n", self.steps)
    }

    /// `sql` with the names of columns as the table of [`laterals`](Self::laterals) has them.
    pub(super) fn plain(sql: &str) -> String {
        replaced(sql, |name| Some(name.to_owned()))
    }

    /// `result` over these columns as one expression. Names that it does not define stay for an enclosing program.
    pub(super) fn lambda(&self, result: &str) -> String {
        self.nested(result, &self.steps().collect::<Vec<usize>>())
    }

    /// `result` over the columns of some steps, one lambda in the other.
    fn nested(&self, result: &str, steps: &[usize]) -> String {
        let of_steps = |name: &str| self.column(name).filter(|column| steps.contains(&column.step));
        let local = |name: &str| of_steps(name).map(|column| format!("{}{}.{name}", self.steps, column.step));
        let mut sql = replaced(result, local);
        for step in steps.iter().rev() {
            sql =
                format!("get(transform(array({}), {}{step} ->\n{sql}), 0)", self.struct_of(*step, &local), self.steps);
        }
        sql
    }

    fn steps(&self) -> std::ops::RangeInclusive<usize> {
        0..=self.columns.iter().map(|column| column.step).max().unwrap_or(0)
    }

    fn struct_of(&self, step: usize, name: &dyn Fn(&str) -> Option<String>) -> String {
        let columns = self.columns.iter().filter(|column| column.step == step);
        let columns: Vec<String> =
            columns.map(|column| format!("\n  {} AS {}", replaced(&column.sql, name), column.name)).collect();
        format!("struct({})", columns.join(","))
    }
}

/// The names `@name` in `sql`, each with the part before it.
fn names(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let (before, after) = rest.split_once('@')?;
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, next) = after.split_at_checked(end)?;
        rest = next;
        Some((before, name))
    })
}

/// `sql` with another text for each `@name` for which there is one.
fn replaced(sql: &str, text: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut length = 0;
    for (before, name) in names(sql) {
        out.push_str(before);
        match text(name) {
            Some(text) => out.push_str(&text),
            None => {
                out.push('@');
                out.push_str(name);
            }
        }
        length += before.len() + 1 + name.len();
    }
    out.push_str(sql.get(length..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_comes_after_those_that_it_uses() {
        let mut program = Program::new("s");
        program.read("-- The text.\na =\n  trim(value)\n\nb =\n  concat(@a,\n    @a)\n");
        let c = program.define("c", "length(@a)");
        assert_eq!(c, "@c");
        assert!(program.has("b") && !program.has("value"));
        assert_eq!(
            program.laterals(),
            "LATERAL VIEW inline(array(struct(\n  trim(value) AS a))) s0\n\
             LATERAL VIEW inline(array(struct(\n  concat(a,\n    a) AS b,\n  length(a) AS c))) s1\n"
        );
        assert_eq!(
            program.lambda("@b || @outer"),
            "get(transform(array(struct(\n  trim(value) AS a)), s0 ->\n\
             get(transform(array(struct(\n  concat(s0.a,\n    s0.a) AS b,\n  length(s0.a) AS c)), s1 ->\ns1.b || @outer), 0)), 0)"
        );
        assert_eq!(
            program.views("v", "messages"),
            [(
                "v_0".to_owned(),
                "SELECT * FROM messages LATERAL VIEW inline(array(\n\
                 get(transform(array(struct(\n  trim(value) AS a)), s0 ->\n\
                 get(transform(array(struct(\n  concat(s0.a,\n    s0.a) AS b,\n  length(s0.a) AS c)), s1 ->\n\
                 struct(s0.a AS a, s1.b AS b, s1.c AS c)), 0)), 0))) view0"
                    .to_owned()
            )]
        );
        assert_eq!(Program::plain("IF(@b, @c, '')"), "IF(b, c, '')");
    }
}
