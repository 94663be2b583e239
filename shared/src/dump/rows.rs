//! Rows as INSERT statements. SQLite formats them itself, which is exact and several times faster than reading values.
//!
//! A page is a run of rows as one text. A row too long for one statement interrupts the pages: its values are put
//! together from pieces in a scratch table and inserted whole, so that no constraint ever sees a part of one.

use super::limits::{LONG_VALUE, LONGEST_VALUE, PAGE, PIECE, STATEMENT};
use super::names::Names;
use super::schema::Table;
use super::sql::{balanced, identifier, literal};

/// What a value's literal may have in addition to twice its bytes: quotes, a CAST or a `replace`, a separator.
const AROUND_A_VALUE: usize = 40;

/// How the rows of one table are read and written.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// The table, quoted.
    pub(super) table: String,
    /// What is written: quoted names, or the first one a name of the rowid.
    pub(super) columns: Vec<String>,
    /// The first of `columns` is a rowid that no column shows.
    keeps_rowid: bool,
    /// In which order the rows are.
    pub(super) key: Key,
    /// Columns that are NULL at first, and for which rows.
    opened: Vec<Opened>,
    /// Text that is not ASCII is written as hex: some of it is no UTF-8 and would be lost on its way out.
    pub(super) exact_text: bool,
}

/// What orders the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// The rowid, by a name that no column has.
    Rowid(&'static str),
    /// Columns, quoted.
    Columns(Vec<String>),
    /// Nothing that can be named.
    Nothing,
}

/// Rows that refer to a row of the same table: the columns that refer, each with the one that it refers to.
pub(super) type Pairs = Vec<(String, String)>;

/// A column that is NULL in the INSERT and set afterwards.
#[derive(Debug, Clone)]
struct Opened {
    /// Its place in [`Rows::columns`].
    column: usize,
    /// Only in rows whose parent comes after them; otherwise in every row.
    later: Option<Pairs>,
}

impl Rows {
    /// The rows of an ordinary table.
    pub(super) fn of_table(table: &Table) -> Self {
        let kept = table.rowid_name().filter(|_| table.keeps_rowid);
        let written = table.written().map(|column| identifier(&column.name));
        let key = match table.rowid_name() {
            Some(name) => Key::Rowid(name),
            None if table.without_rowid => Key::Columns(
                table
                    .primary_key()
                    .iter()
                    .map(|column| identifier(&column.name))
                    .collect(),
            ),
            // Its primary key, if it has one, may be NULL in several rows.
            None => Key::Nothing,
        };
        Self {
            table: identifier(&table.name),
            columns: kept
                .map(ToOwned::to_owned)
                .into_iter()
                .chain(written)
                .collect(),
            keeps_rowid: kept.is_some(),
            key,
            opened: Vec::new(),
            exact_text: false,
        }
    }

    /// The rows of a full-text table that keeps its text; they are found by their rowid.
    pub(super) fn of_full_text(name: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| identifier(column));
        Self {
            table: identifier(name),
            columns: std::iter::once("rowid".to_owned()).chain(columns).collect(),
            keeps_rowid: true,
            key: Key::Rowid("rowid"),
            opened: Vec::new(),
            exact_text: false,
        }
    }

    /// Leaves `column` NULL at first: in every row, or, with `later`, where the row referred to comes later.
    pub(super) fn open(&mut self, column: &str, later: Option<Pairs>) {
        if let Some(column) = self.place(column) {
            self.opened.push(Opened { column, later });
        }
    }

    /// The columns that are NULL at first, quoted.
    pub(super) fn opened(&self) -> impl Iterator<Item = &str> {
        let columns = self.opened.iter();
        columns.filter_map(|opened| self.columns.get(opened.column).map(String::as_str))
    }

    fn place(&self, column: &str) -> Option<usize> {
        let quoted = identifier(column);
        self.columns
            .iter()
            .position(|found| found.eq_ignore_ascii_case(&quoted))
    }

    /// The bytes that a statement leaves for values; 0 when the table's own names are too long for any.
    pub(super) fn room(&self) -> usize {
        let around = self.head().len() + self.columns.len() * AROUND_A_VALUE + ");".len();
        STATEMENT.saturating_sub(around)
    }

    fn head(&self) -> String {
        format!(
            "INSERT INTO {} ({}) VALUES (",
            self.table,
            self.columns.join(", ")
        )
    }

    /// Reads the rows as pages in order: `text` has the statements of `rows` rows, a line each; where it is NULL, one
    /// row too long for a statement stands there. `longest` has the bytes of the longest line.
    pub(super) fn pages(&self) -> String {
        Names::shortest_that_fits(self, |names| {
            let line = format!(
                "CASE WHEN {} <= {} THEN {} END",
                length(names),
                self.room() / 2,
                self.line(|column| self.value(names, column))
            );
            paged(names, &line, "")
        })
    }

    /// Reads the rows that are too long for a statement, each as the statements of `text` in order: pieces, the row,
    /// and the emptying of the scratch table. `row` counts the rows from 1.
    pub(super) fn long_rows(&self, scratch: &str) -> String {
        let scratch = identifier(scratch);
        Names::shortest_that_fits(self, |names| {
            let count = self.columns.len();
            let is_long_row = format!("{} > {}", length(names), self.room() / 2);
            let picked: String = names
                .columns
                .iter()
                .enumerate()
                .map(|(n, name)| format!(" WHEN {n} THEN {name}"))
                .collect();
            let number = match names.order() {
                Some(order) => format!("dense_rank() OVER (ORDER BY {order})"),
                None => format!("(row_number() OVER () - 1) / {count} + 1"),
            };
            let row_number = match names.order() {
                Some(order) => format!("row_number() OVER (ORDER BY {order})"),
                None => "row_number() OVER ()".to_owned(),
            };
            let piece = format!(
                "{} || c || ', ' || p.value || ', X''' || hex(substr(CAST(x AS BLOB), 1 + p.value * {PIECE}, {PIECE})) || ''');'",
                literal(&format!("INSERT INTO {scratch} (c, n, d) VALUES ("))
            );
            let whole = format!(
                "{} || char(10) || {}",
                self.line(|column| self.long_value(names, column, &scratch)),
                literal(&format!("DELETE FROM {scratch};"))
            );
            // CROSS JOIN keeps the columns of a row together where rows have no key to be counted by.
            format!(
                "SELECT n AS row, c AS col, p.value AS piece, {piece} AS text FROM \
                 (SELECT {number} AS n, s.value AS c, CASE s.value{picked} END AS x \
                 FROM {from} CROSS JOIN {columns} AS s WHERE {is_long_row}) JOIN {pieces} AS p \
                 WHERE {is_long} AND p.value * {PIECE} < octet_length(x) \
                 UNION ALL SELECT {row_number}, {count}, 0, {whole} FROM {from} WHERE {is_long_row} ORDER BY 1, 2, 3",
                from = names.from,
                columns = numbers(count),
                pieces = numbers(LONGEST_VALUE.div_ceil(PIECE)),
                is_long = is_long("x"),
            )
        })
    }

    /// Reads, paged as [`Rows::pages`], the statements that set the opened columns; `key` are the columns, as in
    /// [`Rows::columns`], by which a row is found again.
    pub(super) fn updates(&self, key: &[String]) -> Vec<String> {
        let places: Vec<usize> = key
            .iter()
            .filter_map(|column| self.columns.iter().position(|name| name == column))
            .collect();
        self.opened
            .iter()
            .filter_map(|opened| Some((opened, self.columns.get(opened.column)?)))
            .map(|(opened, name)| {
                Names::shortest_that_fits(self, |names| {
                    let found: Vec<String> = places
                        .iter()
                        .filter_map(|place| Some((self.columns.get(*place)?, *place)))
                        .map(|(name, place)| {
                            let value = self.value_as_it_is(names, place);
                            format!("{} || {value}", literal(&format!("{name} = ")))
                        })
                        .collect();
                    let line = format!(
                        "{} || {} || ' WHERE ' || {} || ';'",
                        literal(&format!("UPDATE {} SET {name} = ", self.table)),
                        self.value_as_it_is(names, opened.column),
                        balanced(&found, "|| ' AND ' ||"),
                    );
                    paged(
                        names,
                        &line,
                        &format!("WHERE {}", self.condition(names, opened)),
                    )
                })
            })
            .collect()
    }

    /// Counts, as `found`, the rows whose parent in the same table comes after them.
    pub(super) fn unordered(&self, pairs: &Pairs) -> Option<String> {
        let (column, _) = pairs.first()?;
        let opened = Opened {
            column: self.place(column)?,
            later: Some(pairs.clone()),
        };
        Some(Names::shortest_that_fits(self, |names| {
            let condition = self.condition(names, &opened);
            format!(
                "SELECT count(*) AS found FROM {} WHERE {condition}",
                names.from
            )
        }))
    }

    /// For which rows a column is opened; never NULL.
    fn condition(&self, names: &Names, opened: &Opened) -> String {
        let has_value = format!(
            "{} IS NOT NULL",
            names
                .columns
                .get(opened.column)
                .map_or("NULL", String::as_str)
        );
        let (Some(pairs), Some(after)) = (&opened.later, names.comes_after_row("p")) else {
            return has_value;
        };
        let mut conditions: Vec<String> = pairs
            .iter()
            .filter_map(|(child, parent)| {
                let child = names.columns.get(self.place(child)?)?;
                Some(format!("p.{} = {child}", identifier(parent)))
            })
            .collect();
        conditions.push(after);
        format!(
            "EXISTS (SELECT 1 FROM {} AS p WHERE {})",
            self.table,
            conditions.join(" AND ")
        )
    }

    /// A row's statement as an expression, with `value` for each column.
    fn line(&self, value: impl Fn(usize) -> String) -> String {
        let mut parts = vec![literal(&self.head())];
        for column in 0..self.columns.len() {
            if column > 0 {
                parts.push("', '".to_owned());
            }
            parts.push(value(column));
        }
        parts.push("');'".to_owned());
        balanced(&parts, "||")
    }

    /// A value's literal as an expression; `NULL` where the column is opened.
    fn value(&self, names: &Names, column: usize) -> String {
        self.unless_opened(names, column, &self.value_as_it_is(names, column))
    }

    /// The same in a long row: what is long is put together from its pieces.
    fn long_value(&self, names: &Names, column: usize, scratch: &str) -> String {
        let Some(value) = names.columns.get(column) else {
            return "NULL".to_owned();
        };
        let pieces = literal(&format!(
            "(SELECT CAST(group_concat(d, '') AS #) FROM (SELECT d FROM {scratch} WHERE c = {column} ORDER BY n))"
        ));
        let assembled = format!(
            "CASE WHEN {} THEN replace({pieces}, '#', CASE typeof({value}) WHEN 'text' THEN 'TEXT' ELSE 'BLOB' END) ELSE {} END",
            is_long(value),
            self.value_as_it_is(names, column)
        );
        self.unless_opened(names, column, &assembled)
    }

    fn unless_opened(&self, names: &Names, column: usize, value: &str) -> String {
        let conditions: Vec<String> = self
            .opened
            .iter()
            .filter(|opened| opened.column == column)
            .map(|opened| self.condition(names, opened))
            .collect();
        if conditions.is_empty() {
            return value.to_owned();
        }
        format!(
            "CASE WHEN {} THEN 'NULL' ELSE {value} END",
            conditions.join(" OR ")
        )
    }

    /// `quote()` is exact but for two things. It loses the sign of a zero. Text it ends at a NUL; and a carriage return is
    /// lost in the sqlite3 shell, and wrangler looks for transaction statements without looking for quotes. Such values
    /// are written in another way.
    fn value_as_it_is(&self, names: &Names, column: usize) -> String {
        let Some(value) = names.columns.get(column) else {
            return "NULL".to_owned();
        };
        if self.keeps_rowid && column == 0 {
            return value.clone();
        }
        let not_ascii = if self.exact_text {
            format!(" OR {value} GLOB '*[^' || char(1) || '-' || char(127) || ']*'")
        } else {
            String::new()
        };
        format!(
            "CASE typeof({value}) WHEN 'text' THEN CASE \
             WHEN instr({value}, char(0)) OR instr({value}, 'BEGIN TRANSACTION') OR instr({value}, 'COMMIT;'){not_ascii} \
             OR instr({value}, char(13)) AND instr({value}, '\\r') \
             THEN 'CAST(X''' || hex({value}) || ''' AS TEXT)' \
             WHEN instr({value}, char(13)) \
             THEN 'replace(' || replace(quote({value}), char(13), '\\r') || ', ''\\r'', char(13))' \
             ELSE quote({value}) END \
             WHEN 'real' THEN CASE WHEN {value} = 0 AND atan2({value}, -1) < 0 THEN '-0.0' ELSE quote({value}) END \
             ELSE quote({value}) END"
        )
    }
}

/// The statements of `line` for the rows that pass, in pages cut by bytes, each row without a line by itself.
fn paged(names: &Names, line: &str, condition: &str) -> String {
    let order = names
        .order()
        .map(|order| format!("ORDER BY {order} "))
        .unwrap_or_default();
    format!(
        "SELECT group_concat(line, char(10) ORDER BY n) AS text, count(*) AS rows, \
         ifnull(max(octet_length(line)), 0) AS longest FROM \
         (SELECT line, n, coalesce(sum(octet_length(line)) OVER w, 0) / {PAGE} AS page, \
         2 * sum(line IS NULL) OVER w - (line IS NULL) AS run \
         FROM (SELECT row_number() OVER ({order}ROWS UNBOUNDED PRECEDING) AS n, {line} AS line FROM {} {condition}) \
         WINDOW w AS (ORDER BY n ROWS UNBOUNDED PRECEDING)) GROUP BY run, page ORDER BY run, page",
        names.from,
    )
}

/// The bytes of a row's values, as an expression.
fn length(names: &Names) -> String {
    let lengths: Vec<String> = names
        .columns
        .iter()
        .map(|name| format!("ifnull(octet_length({name}), 4)"))
        .collect();
    balanced(&lengths, "+")
}

/// Whether a value of a long row goes to the scratch table.
fn is_long(value: &str) -> String {
    format!("octet_length({value}) > {LONG_VALUE} AND typeof({value}) IN ('text', 'blob')")
}

/// The numbers below `count` as a table with a column `value`.
fn numbers(count: usize) -> String {
    let list: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    format!("json_each('[{}]')", list.join(","))
}
