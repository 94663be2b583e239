//! Rows as INSERT statements. SQLite formats them itself, which is exact and several times faster than reading values.
//!
//! A page is a run of rows as one text, which is then cut into statements of many rows each. A row too long for one
//! statement interrupts the pages: its values are put together from pieces in a scratch table and inserted whole, so that
//! no constraint ever sees a part of one.

mod opened;

use memchr::memmem;
use serde::{Deserialize, Serialize};

pub(super) use self::opened::Pairs;

use self::opened::Opened;
use super::limits::{
    LONG_VALUE, LONGEST_PLACE, LONGEST_STATEMENT, LONGEST_VALUE, PAGE, PIECE, STATEMENT,
};
use super::names::{MOST_COLUMNS, Names};
use super::range::{After, Range};
use super::schema::{Affinity, KeyColumn, ROWIDS, Table};
use super::sql::{balanced, identifier, literal, literals, same_name, spread};

/// What stands in a page where text was no UTF-8; also a character of its own.
const REPLACEMENT: &str = "\u{FFFD}";
/// What wrangler looks for in a file that it restores, and what the sqlite3 shell loses.
const WORDS: [&str; 3] = ["BEGIN TRANSACTION", "COMMIT;", "\r"];

/// What stands between the lines of a page: no literal has one, since `quote()` ends at it and text with it is hex.
pub(super) const BETWEEN_LINES: char = '\0';

/// What a value's literal may have in addition to twice its bytes: quotes, a CAST or a `replace`, a separator.
const AROUND_A_VALUE: usize = 40;

/// What only rows can tell about themselves; until one does, it is taken for not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Found {
    /// Some text is no UTF-8 and would be lost on its way out: all that is not ASCII is written as hex.
    exact_text: bool,
    /// Some text has a carriage return, or the words of a transaction statement: each is looked for.
    careful_text: bool,
    /// Some rows are too long for one statement.
    pub(super) long_rows: bool,
}

impl Found {
    /// Whether some values are written neither plainly nor as hex.
    pub(super) const fn has_forms(self) -> bool {
        self.careful_text || self.long_rows
    }
}

/// How the rows of one table are read and written.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// The table, quoted.
    pub(super) table: String,
    /// What is written: quoted names, or the first one a name of the rowid.
    pub(super) columns: Vec<String>,
    /// What they mostly hold, as in `columns`; a guess, which makes the rest slower to read and never wrong.
    holds: Vec<Holds>,
    /// A name of the rowid, by which the rows are ordered. Where they have none that can be named, they come as they lie:
    /// a table WITHOUT ROWID by its primary key.
    pub(super) rowid: Option<&'static str>,
    /// The key by which they lie otherwise; empty where there is none.
    pub(super) key: Vec<KeyColumn>,
    /// Columns that are NULL at first, or refer to their own row, and for which rows.
    opened: Vec<Opened>,
    /// The columns by which a row is found again to set what is NULL at first, as in `columns`; empty where nothing is.
    pub(super) found_by: Vec<String>,
    /// Some opened columns, or what their rows are found by, are too long for a statement: these are not opened.
    pub(super) has_long_keys: bool,
    /// Opened columns are set in every row, and not in those alone which were opened: these are not known any more, where rows
    /// may have changed since.
    pub(super) sets_all: bool,
    /// The bytes above the rows of all tables, this one included: tables without rows leave theirs to the next statement.
    pub(super) above_all: usize,
    /// All rows are too many for one page. Pages are cut then, as they are where some rows are long.
    is_cut: bool,
    pub(super) found: Found,
}

/// What a column mostly holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Rowids, and nothing else.
    Rowids,
    Numbers,
    Text,
    Anything,
}

impl From<Affinity> for Holds {
    fn from(affinity: Affinity) -> Self {
        match affinity {
            Affinity::Number => Self::Numbers,
            Affinity::Text => Self::Text,
            Affinity::None => Self::Anything,
        }
    }
}

impl Rows {
    /// The rows of an ordinary table.
    pub(super) fn of_table(table: &Table) -> Self {
        let kept = table.rowid_name().filter(|_| table.keeps_rowid);
        let rowid = table.rowid_column();
        let written = table.written().map(|column| {
            let holds = match rowid {
                Some(rowid) if rowid.name == column.name => Holds::Rowids,
                _ => column.affinity().into(),
            };
            (identifier(&column.name), holds)
        });
        let kept = kept.map(|name| (name.to_owned(), Holds::Rowids));
        let (columns, holds) = kept.into_iter().chain(written).unzip();
        Self {
            table: identifier(&table.name),
            columns,
            holds,
            rowid: table.rowid_name(),
            key: table.key.clone(),
            ..Self::default()
        }
    }

    /// The rows of a full-text table that keeps its text; they are found by their rowid. The table has a hidden column
    /// of its own name.
    pub(super) fn of_full_text(name: &str, columns: &[&str]) -> Self {
        let is_free = |alias: &&'static str| {
            !same_name(alias, name) && !columns.iter().any(|column| same_name(alias, column))
        };
        // Where all its names are taken nobody can read the rowid, and the rows come in its order all the same.
        let rowid = ROWIDS.into_iter().find(is_free);
        let kept = rowid.map(|name| (name.to_owned(), Holds::Rowids));
        let written = columns
            .iter()
            .map(|column| (identifier(column), Holds::Anything));
        let (columns, holds) = kept.into_iter().chain(written).unzip();
        Self {
            table: identifier(name),
            columns,
            holds,
            rowid,
            ..Self::default()
        }
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
        STATEMENT.saturating_sub(around + self.above())
    }

    /// How a statement begins; a row's literals come next.
    pub(super) fn head(&self) -> String {
        format!(
            "INSERT INTO {} ({}) VALUES (",
            self.table,
            self.columns.join(", ")
        )
    }

    /// Reads the rows, or a range of them, as pages in order: `text` has the literals of `rows` rows, [`BETWEEN_LINES`].
    /// Where pages are cut, and it is NULL, one row too long for a statement stands there. `longest` has the bytes of the
    /// longest line, `last` the place of the last row in its range, where [`Rows::place_in`] does not tell it.
    ///
    /// Whether a row is too long is looked at before it is written only where pages are cut; elsewhere the line tells, or
    /// a result that is more than a value holds.
    pub(super) fn pages(&self, range: Option<&Range>) -> String {
        let names = Names::of(self, range);
        let mut line = self.line(&names);
        if self.has_cut_pages() {
            let (length, most) = (length(&names), self.room() / 2);
            line = format!("CASE WHEN {length} <= {most} THEN {line} END");
        }
        self.paged(&names, &line, "")
    }

    /// Reads the rows that are too long for a statement, each as the statements of `text` in order: pieces, the row,
    /// and the emptying of the scratch table. `row` counts the rows from 1.
    pub(super) fn long_rows(&self, scratch: &str, range: Option<&Range>) -> String {
        let scratch = identifier(scratch);
        let names = Names::of(self, range);
        let count = self.columns.len();
        let picked: String = (0..count)
            .map(|n| {
                format!(
                    " WHEN {n} THEN {}",
                    self.unless_opened(&names, n, "NULL", |n| names.column(n).to_owned())
                )
            })
            .collect();
        let (length, most) = (length(&names), self.room() / 2);
        // A LIMIT keeps SQLite from looking through to the columns, of which an aggregate may have no more than 100.
        let cells = format!(
            "(SELECT {{n}} AS n, s.value AS c, CASE s.value{picked} END AS x FROM {{rows}} CROSS JOIN {} AS s {{condition}} LIMIT -1)",
            numbers(count)
        );
        // Where rows have a rowid, they are numbered by it alone: SQLite keeps what it numbers, and that should be little.
        // Where they have none, CROSS JOIN keeps the columns of a row together.
        let cells = match names.numbered(self, &length, most) {
            Some(numbered) => cells
                .replace("{n}", "r.n")
                .replace("{rows}", &numbered)
                .replace("{condition}", ""),
            None => cells
                .replace("{n}", &format!("(row_number() OVER () - 1) / {count} + 1"))
                .replace("{rows}", &names.from)
                .replace("{condition}", &format!("WHERE {length} > {most}")),
        };
        let piece = format!(
            "{} || c || ', ' || p.key || ', X''' || hex(substr(CAST(x AS BLOB), 1 + p.key * {PIECE}, {PIECE})) || ''');'",
            literal(&format!("INSERT INTO {scratch} (c, n, d) VALUES ("))
        );
        // As many keys, from 0, as the value has pieces: D1 bills each.
        let pieces = format!(
            "json_each('[' || substr('{}', 1, 2 * ((octet_length(x) + {PIECE} - 1) / {PIECE}) - 1) || ']')",
            vec!["0"; LONGEST_VALUE.div_ceil(PIECE)].join(",")
        );
        let is_long = format!("octet_length(x) > {LONG_VALUE} AND typeof(x) IN ('text', 'blob')");
        let assembled = format!(
            "{} || CASE typeof(x) WHEN 'text' THEN 'TEXT' ELSE 'BLOB' END || {} || c || ' ORDER BY n))'",
            literal("(SELECT CAST(group_concat(d, '') AS "),
            literal(&format!(") FROM (SELECT d FROM {scratch} WHERE c = ")),
        );
        format!(
            "SELECT n AS row, c AS col, p.key AS piece, {piece} AS text FROM {cells} JOIN {pieces} AS p \
             WHERE {is_long} \
             UNION ALL SELECT n, {count}, 0, {head} || group_concat(CASE WHEN {is_long} THEN {assembled} ELSE {value} END, ', ' ORDER BY c) \
             || {end} FROM {cells} GROUP BY n ORDER BY 1, 2, 3",
            head = literal(&self.head()),
            value = self.literal_of("x"),
            end = literal(&format!(");\nDELETE FROM {scratch};")),
        )
    }

    /// How long statements of several rows may be. What they insert counts as the result of a query, which has at most 100
    /// columns; a rowid beside 100 columns leaves each row to a statement of its own.
    pub(super) fn longest_statement(&self) -> usize {
        if self.columns.len() > MOST_COLUMNS {
            0
        } else {
            LONGEST_STATEMENT.saturating_sub(self.above_all)
        }
    }

    /// The bytes above the rows of a table, which whoever cuts a dump into statements may take for a part of the first.
    pub(super) fn above(&self) -> usize {
        const LINES: usize = "\n-- Table: \n-- Rows: 18446744073709551615\n".len();
        LINES + self.table.len()
    }

    /// Whether the literals of a row fit a statement.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.head().len() + bytes + ");".len() + self.above() <= LONGEST_STATEMENT
    }

    /// Has pages cut; whether they were not.
    pub(super) fn cut(&mut self) -> bool {
        let were_whole = !self.has_cut_pages();
        self.is_cut = true;
        were_whole
    }

    /// Whether pages are cut by the bytes of their rows.
    pub(super) const fn has_cut_pages(&self) -> bool {
        self.is_cut || self.found.long_rows
    }

    /// The statements of `line` for the rows that pass.
    ///
    /// One page of them all costs no more than reading the rows. Pages that are cut by bytes, each row without a line by
    /// itself, cost several times as much: D1 also bills what SQLite keeps to number and sum up. The lines are made before
    /// that, since a whole row may be more than it keeps.
    fn paged(&self, names: &Names, line: &str, condition: &str) -> String {
        let (place, order, last) = names.order();
        let rows = names.select(self, &format!("{line} AS line"), condition);
        if self.has_cut_pages() {
            return format!(
                "SELECT group_concat(line, char(0) ORDER BY n) AS text, count(*) AS rows, 0 AS long, \
                 ifnull(max(octet_length(line)), 0) AS longest, {last} AS last FROM \
                 (SELECT line, n{place}, coalesce(sum(octet_length(line)) OVER w, 0) / {PAGE} AS page, \
                 2 * sum(line IS NULL) OVER w - (line IS NULL) AS run \
                 FROM (SELECT line{place}, row_number() OVER ({order}ROWS UNBOUNDED PRECEDING) AS n FROM ({rows})) \
                 WINDOW w AS (ORDER BY n ROWS UNBOUNDED PRECEDING)) GROUP BY run, page ORDER BY run, page"
            );
        }
        let last = if names.has_rowid() { last } else { "NULL" };
        format!(
            "SELECT group_concat(line, char(0)) AS text, count(*) AS rows, count(*) - count(line) AS long, \
             ifnull(max(octet_length(line)), 0) AS longest, {last} AS last FROM ({rows}) HAVING count(*) > 0"
        )
    }

    /// The literals of a row's key as a JSON array, as an expression; NULL where there is no key, and empty where it is
    /// longer than a place may be: its literals might be more than a value holds. Always exact: a key that is not would
    /// miss rows.
    pub(super) fn place_of(&self, names: &Names) -> String {
        let exact = Self {
            found: Found {
                exact_text: true,
                careful_text: true,
                ..self.found
            },
            ..self.clone()
        };
        let key = self.key.iter();
        let places = key.filter_map(|column| self.place(&column.name));
        let (lengths, literals): (Vec<String>, Vec<String>) = places
            .map(|place| {
                let length = format!("ifnull(octet_length({}), 4)", names.column(place));
                (length, exact.value_as_it_is(names, place))
            })
            .unzip();
        if literals.is_empty() {
            return "NULL".to_owned();
        }
        format!(
            "CASE WHEN {} <= {LONGEST_PLACE} THEN json_array({}) ELSE '' END",
            balanced(&lengths, "+"),
            literals.join(", ")
        )
    }

    /// The place of a row by its line: the literals of its key; `None` where there is no key, or one that is longer than a
    /// place may be.
    pub(super) fn place_in(&self, line: &str) -> Option<After> {
        let literals = literals(line);
        let key: Vec<String> = self
            .key
            .iter()
            .map(|column| Some((*literals.get(self.place(&column.name)?)?).to_owned()))
            .collect::<Option<_>>()?;
        let bytes: usize = key.iter().map(String::len).sum();
        (!key.is_empty() && bytes <= LONGEST_PLACE).then_some(After::Key(key))
    }

    /// The literals of a row as an expression.
    fn line(&self, names: &Names) -> String {
        let values: Vec<String> = (0..self.columns.len())
            .map(|column| {
                self.unless_opened(names, column, "'NULL'", |column| {
                    self.value_as_it_is(names, column)
                })
            })
            .collect();
        spread("concat_ws(', ', ", &values)
    }

    /// A value's literal as an expression, also where the column is opened.
    ///
    /// What a column mostly holds takes the short way: a number other than zero, and text without a NUL, is what `quote()`
    /// makes of it. Numbers are less than any text. <https://www.sqlite.org/datatype3.html#sort_order>
    fn value_as_it_is(&self, names: &Names, column: usize) -> String {
        let value = names.column(column);
        let any = self.literal_of(value);
        let holds = self.holds.get(column).copied().unwrap_or(Holds::Anything);
        let quoted = match holds {
            Holds::Rowids => return value.to_owned(),
            Holds::Numbers => format!("{value} < '' AND {value} <> 0"),
            Holds::Text if !self.found.exact_text && !self.found.careful_text => {
                format!("instr({value}, char(0)) = 0")
            }
            Holds::Text | Holds::Anything => return any,
        };
        format!("CASE WHEN {quoted} THEN quote({value}) ELSE {any} END")
    }

    /// `quote()` is exact but for two things. It loses the sign of a zero, and text it ends at a NUL. A carriage return is
    /// lost in the sqlite3 shell, and wrangler looks for transaction statements without looking for quotes; such text is
    /// seldom, so it is only looked for when a page has shown it.
    fn literal_of(&self, value: &str) -> String {
        let mut hex = format!("instr({value}, char(0))");
        if self.found.exact_text {
            hex.push_str(&format!(
                " OR {value} GLOB '*[^' || char(1) || '-' || char(127) || ']*'"
            ));
        }
        let mut carriage_return = String::new();
        if self.found.careful_text {
            hex.push_str(&format!(
                " OR instr({value}, 'BEGIN TRANSACTION') OR instr({value}, 'COMMIT;') \
                 OR instr({value}, char(13)) AND instr({value}, '\\r')"
            ));
            carriage_return = format!(
                "WHEN instr({value}, char(13)) \
                 THEN 'replace(' || replace(quote({value}), char(13), '\\r') || ', ''\\r'', char(13))' "
            );
        }
        format!(
            "CASE typeof({value}) WHEN 'text' THEN CASE \
             WHEN {hex} THEN 'CAST(X''' || hex({value}) || ''' AS TEXT)' {carriage_return}ELSE quote({value}) END \
             WHEN 'real' THEN CASE WHEN {value} = 0 AND atan2({value}, -1) < 0 THEN '-0.0' ELSE quote({value}) END \
             ELSE quote({value}) END"
        )
    }

    /// Looks through text that was read; whether some of it has to be read in another way, which it will be next time.
    pub(super) fn learns_from<'text>(&mut self, texts: impl Iterator<Item = &'text str>) -> bool {
        let before = self.found;
        for text in texts {
            // Where text that is not ASCII is hex, the character can only stand in the table's own names.
            let has = |words: &[u8]| memmem::find(text.as_bytes(), words).is_some();
            self.found.exact_text |= has(REPLACEMENT.as_bytes());
            self.found.careful_text |= WORDS.iter().any(|words| has(words.as_bytes()));
        }
        before != self.found
    }
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

/// The numbers below `count` as a table with a column `value`.
fn numbers(count: usize) -> String {
    let list: Vec<String> = (0..count).map(|n| n.to_string()).collect();
    format!("json_each('[{}]')", list.join(","))
}
