//! A dump in pages, for a database that does not fit one transaction: read by ranges, written in pieces, and stopped and
//! gone on with between any two of them.
//!
//! It has the same statements in the same order as one from a single transaction. Rows may be from different instants,
//! which it says of itself (`paged`); the schema may not change while it is read.

use serde::{Deserialize, Serialize};

use super::data::{
    self, Count, LongRow, Of, PageRow, Pair, RowText, counters, lines, merge, reveals,
    reveals_long_rows, settings,
};
use super::limits::LONGEST_STATEMENT;
use super::plan::Plan;
use super::range::{After, Range};
use super::rows::Found;
use super::schema::{self, Object};
use super::script::{COUNTERS, Script, UPDATES, Written};
use super::{About, DumpError, DumpRequest, introspect};
use crate::manifest::{Consistency, Manifest};
use crate::ports::{Database, DatabaseError, Outcome, Statement};
use crate::registry::Omissions;
use crate::time::Timestamp;

/// Text that a read aims at, in bytes.
const READ: usize = 512 * 1024;
/// Rows of a table that are read first, when nothing is known of their size; small tables have no more.
const FIRST_ROWS: u32 = 512;
/// What is taken for the size of a row's text then.
const FIRST_AVERAGE: usize = 100;
/// The most rows that a read asks for.
const MOST_ROWS: u32 = 20_000;
/// The same where rows may be of 2 MB each.
const MOST_LONG_ROWS: u32 = 4;

/// Where a dump in pages has come to. As JSON it is the checkpoint from which another invocation goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cursor {
    /// When it was begun.
    started: Timestamp,
    /// Of the schema that it is a dump of.
    schema_sha256: String,
    /// What is not taken of the database; a step means another one with others.
    #[serde(default)]
    omissions: Omissions,
    /// How many steps are done.
    step: usize,
    /// The last row read in this step.
    after: Option<After>,
    /// Rows read in this step.
    done: u64,
    pace: Pace,
    /// What was found out about the rows of this step.
    found: Found,
    written: Written,
    /// Foreign keys without an order, as far as only rows can tell.
    deferred: Vec<String>,
}

impl Cursor {
    /// Bytes written so far.
    pub const fn bytes(&self) -> u64 {
        self.written.bytes
    }

    /// Rows written so far.
    pub const fn rows(&self) -> u64 {
        self.written.rows
    }
}

/// One thing after the other that a dump consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Whether rows come before their parent by this foreign key, `child -> parent`.
    Count(String, String),
    Begin,
    Rows(Of),
    /// The UPDATEs of a table's opened column.
    Updates(usize, usize),
    Counters,
    /// The end of what stood in for tables that are not there.
    StandIns,
    Virtual(usize),
    End,
}

/// What a read brought, still to be written.
#[derive(Debug, Clone)]
pub struct Piece(Content);

#[derive(Debug, Clone)]
enum Content {
    Count(bool),
    Begin,
    Rows {
        of: Of,
        pace: Pace,
        /// How many rows the table has; only with the first ones.
        count: Option<u64>,
        text: RowText,
        next: Next,
    },
    Updates {
        text: RowText,
        pace: Pace,
        next: Next,
    },
    Statements(&'static str, Vec<String>),
    StandIns,
    Virtual(usize, Vec<String>),
    End(i64),
}

/// Where a step goes on.
#[derive(Debug, Clone)]
struct Next {
    after: Option<After>,
    rows: u64,
    is_last: bool,
}

/// A piece as text, and where the dump has come to with it.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Whole statements.
    pub text: String,
    cursor: Cursor,
}

/// A database that is dumped in pages.
#[derive(Debug)]
pub struct PagedDump<'a, D> {
    database: &'a D,
    request: DumpRequest<'a>,
    plan: Plan,
    steps: Vec<Step>,
    cursor: Cursor,
}

/// How many rows are read at a time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Pace {
    limit: u32,
    /// How many were asked for last.
    last: u32,
    /// How many are asked for next, whatever fits: they were read before, and not written.
    again: Option<u32>,
    /// Bytes of a row's text, on average of the last read.
    average: usize,
}

impl Pace {
    const START: Self = Self {
        limit: FIRST_ROWS,
        last: 0,
        again: None,
        average: FIRST_AVERAGE,
    };

    /// Rows that fill `room`, or all that are to be read at a time.
    fn rows(self, room: usize) -> u32 {
        if let Some(again) = self.again {
            return again;
        }
        // Rows are not all alike: a little less than fits seldom turns out to be more.
        let room = room - room / 16;
        let fitting = room.checked_div(self.average).unwrap_or(usize::MAX);
        let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
        self.limit.min(fitting).max(1)
    }

    /// What follows from a read of text that asked for so many rows.
    fn learn(self, asked: u32, text: &RowText, most: u32) -> Self {
        let mut pace = Self {
            last: asked,
            again: None,
            ..self
        };
        let rows = usize::try_from(text.rows).unwrap_or(usize::MAX);
        if let Some(average) = text.bytes().checked_div(rows) {
            pace.average = average.max(1);
            let aim = u32::try_from(READ / pace.average).unwrap_or(u32::MAX);
            pace.limit = aim.clamp(1, self.limit.saturating_mul(4)).clamp(1, most);
        }
        pace
    }
}

impl<'a, D: Database> PagedDump<'a, D> {
    /// Begins a dump.
    pub async fn begin(
        database: &'a D,
        request: DumpRequest<'a>,
        now: Timestamp,
    ) -> Result<Self, DumpError> {
        let plan = introspect(database, request.omissions).await?.plan;
        let cursor = Cursor {
            started: now,
            schema_sha256: plan.schema_sha256(),
            omissions: request.omissions.clone(),
            step: 0,
            after: None,
            done: 0,
            pace: Pace::START,
            found: Found::default(),
            written: Written::default(),
            deferred: Vec::new(),
        };
        Ok(Self::new(database, request, plan, cursor))
    }

    /// Goes on with one, unless the schema is another one now.
    pub async fn resume(
        database: &'a D,
        request: DumpRequest<'a>,
        cursor: Cursor,
    ) -> Result<Self, DumpError> {
        let plan = introspect(database, request.omissions).await?.plan;
        if plan.schema_sha256() != cursor.schema_sha256 || *request.omissions != cursor.omissions {
            return Err(DumpError::SchemaChanged);
        }
        Ok(Self::new(database, request, plan, cursor))
    }

    fn new(database: &'a D, request: DumpRequest<'a>, mut plan: Plan, cursor: Cursor) -> Self {
        plan.is_paged = true;
        for table in &mut plan.tables {
            // What is found out only when rows are written already comes too late.
            table.rows.has_long_keys = true;
        }
        let steps = steps(&plan);
        if let Some(Ok(rows)) = of_step(steps.get(cursor.step)).map(|of| plan.rows_mut(of)) {
            rows.found = cursor.found;
        }
        Self {
            steps,
            database,
            request,
            plan,
            cursor,
        }
    }

    /// Where it has come to.
    pub const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Reads what comes next, of which about `room` bytes are wanted; `None` when all is written.
    pub async fn read(&mut self, room: usize, now: Timestamp) -> Result<Option<Piece>, DumpError> {
        let Some(step) = self.steps.get(self.cursor.step).cloned() else {
            return Ok(None);
        };
        let content = match step {
            Step::Count(_, sql) => {
                let [found] = self.ask([sql]).await?;
                let found: Vec<Count> = found.read()?;
                Content::Count(found.iter().any(|row| row.found > 0))
            }
            Step::Begin => Content::Begin,
            Step::Rows(of) => self.read_rows(of, room).await?,
            Step::Updates(table, column) => self.read_updates(table, column, room).await?,
            Step::Counters => {
                let [found] = self.ask([data::COUNTERS.to_owned()]).await?;
                Content::Statements(COUNTERS, counters(&self.plan, found.read()?))
            }
            Step::StandIns => Content::StandIns,
            Step::Virtual(n) => self.read_virtual(n).await?,
            Step::End => Content::End(now.millis_since(self.cursor.started)),
        };
        Ok(Some(Piece(content)))
    }

    /// The text of a piece, as it comes after what is written so far.
    pub fn render(&self, piece: &Piece) -> Rendered {
        let mut cursor = self.cursor.clone();
        let mut script = Script::after(&self.plan, std::mem::take(&mut cursor.written));
        let mut is_last = true;
        match &piece.0 {
            Content::Count(found) => {
                if let (true, Some(Step::Count(key, _))) = (*found, self.steps.get(cursor.step)) {
                    cursor.deferred.push(key.clone());
                }
            }
            Content::Begin => script.begin(&self.manifest(), None, &self.missing()),
            Content::StandIns => script.drop_stand_ins(&self.missing()),
            Content::Rows {
                of,
                pace,
                count,
                text,
                next,
            } => {
                cursor.pace = *pace;
                if let Some(count) = count {
                    script.open_table(self.plan.name(*of), *count);
                }
                // Grown step by step, it would take up to three times as much memory.
                script.body.reserve(text.bytes());
                script.add_rows(&text.pages, text.rows);
                if next.is_last {
                    script.close_table();
                }
                is_last = cursor.advance(next);
            }
            Content::Updates { text, pace, next } => {
                cursor.pace = *pace;
                if cursor.after.is_none() {
                    script.list(UPDATES, &text.pages);
                } else {
                    script.add(&text.pages);
                }
                is_last = cursor.advance(next);
            }
            Content::Statements(title, statements) => script.list(title, statements),
            Content::Virtual(n, settings) => {
                if let Some(found) = self.plan.virtuals.get(*n) {
                    script.virtual_table(found, settings);
                }
            }
            Content::End(duration_ms) => script.end(*duration_ms),
        }
        if let Some(Ok(rows)) = of_step(self.steps.get(cursor.step)).map(|of| self.plan.rows(of)) {
            cursor.found = rows.found;
        }
        if is_last {
            cursor.step += 1;
            cursor.after = None;
            cursor.done = 0;
            cursor.pace = Pace::START;
            cursor.found = Found::default();
        }
        cursor.written = script.written;
        Rendered {
            text: script.body,
            cursor,
        }
    }

    /// Takes a rendered piece for written.
    pub fn accept(&mut self, rendered: Rendered) -> String {
        if rendered.cursor.step != self.cursor.step {
            self.forget_rows();
        }
        self.cursor = rendered.cursor;
        rendered.text
    }

    /// What is known of a table's rows is for one step, so that it is the same for whoever goes on.
    fn forget_rows(&mut self) {
        let of = of_step(self.steps.get(self.cursor.step));
        if let Some(Ok(rows)) = of.map(|of| self.plan.rows_mut(of)) {
            rows.found = Found::default();
        }
    }

    /// Has a piece that was not written read again as it is, by whoever goes on from here.
    pub fn postpone(&mut self, piece: &Piece) {
        if let Content::Rows { pace, .. } | Content::Updates { pace, .. } = &piece.0 {
            self.cursor.pace.again = Some(pace.last);
        }
    }

    /// Has fewer rows read than for this piece; `false` when it has the fewest.
    pub fn slow_down(&mut self, piece: &Piece) -> bool {
        let (Content::Rows { pace, .. } | Content::Updates { pace, .. }) = &piece.0 else {
            return false;
        };
        self.cursor.pace.again = Some(pace.last / 2);
        pace.last > 1
    }

    /// So many blanks, taken for written.
    pub fn pad(&mut self, bytes: usize) -> String {
        let mut script = Script::after(&self.plan, std::mem::take(&mut self.cursor.written));
        script.pad(bytes);
        self.cursor.written = script.written;
        script.body
    }

    /// Fails when the schema is no longer that of the dump.
    pub async fn check_schema(&self) -> Result<(), DumpError> {
        let [objects] = self.database.run([schema::objects()]).await?;
        let objects: Vec<Object> = objects.read()?;
        if objects == self.plan.schema.objects {
            Ok(())
        } else {
            Err(DumpError::SchemaChanged)
        }
    }

    /// The manifest of what is written; it lacks only the key.
    pub fn manifest(&self) -> Manifest {
        let about = About {
            request: &self.request,
            generated: self.cursor.started,
            duration_ms: 0,
        };
        let mut manifest = about.manifest(&self.plan, Consistency::Paged);
        manifest
            .deferred
            .extend(self.cursor.deferred.iter().cloned());
        self.cursor.written.complete(&mut manifest);
        manifest
    }

    /// Which of its rows refer to what is known when they are read; by then what stands in has to be there.
    fn missing(&self) -> Vec<&String> {
        self.plan.missing(self.plan.tables.iter())
    }

    async fn ask<const N: usize>(&self, sql: [String; N]) -> Result<[Outcome; N], DumpError> {
        Ok(self.database.run(sql.map(Statement::new)).await?)
    }

    async fn read_rows(&mut self, of: Of, room: usize) -> Result<Content, DumpError> {
        let mut limit = self.cursor.pace.rows(room);
        loop {
            let scratch = self.plan.scratch.clone();
            let rows = self.plan.rows(of)?;
            let is_first = self.cursor.after.is_none();
            let with_long_rows = rows.found.long_rows;
            let reads = |after: Option<After>| -> Vec<String> {
                let range = Range { after, limit };
                let count =
                    is_first.then(|| format!("SELECT count(*) AS found FROM {}", rows.table));
                let pages = rows.pages(Some(&range));
                let long_rows = with_long_rows.then(|| rows.long_rows(&scratch, Some(&range)));
                [count, Some(pages), long_rows]
                    .into_iter()
                    .flatten()
                    .collect()
            };
            let mut sql = reads(self.cursor.after.clone());
            // The key of the last row stands there several times, and may make a statement too long.
            let has_key = matches!(self.cursor.after, Some(After::Key(_)));
            if has_key && sql.iter().any(|sql| sql.len() > LONGEST_STATEMENT) {
                sql = reads(Some(After::Offset(self.cursor.done)));
            }
            let statements: Vec<Statement> = sql
                .into_iter()
                .map(|sql| data::statement(sql, || self.plan.name(of).to_owned()))
                .collect::<Result<_, _>>()?;
            let mut outcomes = match self.database.batch(&statements).await {
                Ok(outcomes) => outcomes.into_iter(),
                Err(DatabaseError::TooBig { .. }) if limit > 1 => {
                    limit = (limit / 4).max(1);
                    continue;
                }
                // One row is more than a value holds.
                Err(DatabaseError::TooBig { .. }) if !with_long_rows => {
                    self.plan.rows_mut(of)?.found.long_rows = true;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let mut next = || outcomes.next().ok_or_else(|| shape(0, statements.len()));
            let count = match is_first {
                true => Some(next()?.read::<Count>()?.iter().map(|row| row.found).sum()),
                false => None,
            };
            let pages: Vec<PageRow> = next()?.read()?;
            let long: Vec<LongRow> = match with_long_rows {
                true => next()?.read()?,
                false => Vec::new(),
            };
            let rows = self.plan.rows_mut(of)?;
            let mut changed = reveals(&pages, rows);
            changed |= reveals_long_rows(&pages, rows)?;
            changed |= rows.learns_from(long.iter().map(|row| row.text.as_str()));
            if rows.found.long_rows && !with_long_rows {
                limit = 1;
            }
            if changed {
                continue;
            }
            let most = if with_long_rows {
                MOST_LONG_ROWS
            } else {
                MOST_ROWS
            };
            let after = pages.last().and_then(|page| page.place(rows));
            let text = merge(rows, pages, long);
            let pace = self.cursor.pace.learn(limit, &text, most);
            let next = self.next(text.rows, limit, after);
            return Ok(Content::Rows {
                of,
                pace,
                count,
                text,
                next,
            });
        }
    }

    async fn read_updates(
        &mut self,
        table: usize,
        column: usize,
        room: usize,
    ) -> Result<Content, DumpError> {
        let of = Of::Table(table);
        loop {
            let limit = self.cursor.pace.rows(room);
            let rows = self.plan.rows(of)?;
            let has_ranges = rows.has_ranges_of_updates();
            let range = Range {
                after: self.cursor.after.clone(),
                limit,
            };
            let sql = rows
                .updates(Some(&range))
                .into_iter()
                .nth(column)
                .unwrap_or_default();
            let [found] = self.ask([sql]).await?;
            let pages: Vec<PageRow> = found.read()?;
            let rows = self.plan.rows_mut(of)?;
            if reveals(&pages, rows) {
                continue;
            }
            if pages.iter().any(PageRow::has_long_rows) {
                return Err(DumpError::StatementTooLong {
                    object: rows.table.clone(),
                });
            }
            let last = pages.last().and_then(|page| page.last.clone());
            let text = lines(pages);
            let pace = self.cursor.pace.learn(limit, &text, MOST_ROWS);
            let mut next = self.next(text.rows, limit, last.map(After::Rowid));
            next.is_last |= !has_ranges;
            return Ok(Content::Updates { text, pace, next });
        }
    }

    async fn read_virtual(&self, n: usize) -> Result<Content, DumpError> {
        let Some(found) = self.plan.virtuals.get(n).filter(|found| found.has_settings) else {
            return Ok(Content::Virtual(n, Vec::new()));
        };
        let [set] = self.ask([data::settings_of(&found.name)]).await?;
        let set: Vec<Pair> = set.read()?;
        Ok(Content::Virtual(n, settings(&found.name, set)))
    }

    /// Where the step goes on after a range of `limit` rows that brought `rows`.
    fn next(&self, rows: u64, limit: u32, after: Option<After>) -> Next {
        Next {
            after: Some(after.unwrap_or(After::Offset(self.cursor.done + rows))),
            rows,
            is_last: rows < u64::from(limit),
        }
    }
}

impl Cursor {
    /// Moves on within a step; whether the step is done.
    fn advance(&mut self, next: &Next) -> bool {
        self.after.clone_from(&next.after);
        self.done += next.rows;
        next.is_last
    }
}

fn steps(plan: &Plan) -> Vec<Step> {
    let mut steps: Vec<Step> = plan
        .counts()
        .map(|(key, sql)| Step::Count(key, sql))
        .collect();
    steps.push(Step::Begin);
    steps.extend(plan.filled().map(|(n, _)| Step::Rows(Of::Table(n))));
    for (n, table) in plan.filled() {
        let columns = table.rows.opened().count();
        steps.extend((0..columns).map(|column| Step::Updates(n, column)));
    }
    if plan.schema.has_counters {
        steps.push(Step::Counters);
    }
    steps.push(Step::StandIns);
    for (n, found) in plan.virtuals.iter().enumerate() {
        steps.push(Step::Virtual(n));
        if found.rows.is_some() {
            steps.push(Step::Rows(Of::Virtual(n)));
        }
    }
    steps.push(Step::End);
    steps
}

/// Whose rows a step is about.
fn of_step(step: Option<&Step>) -> Option<Of> {
    match step? {
        Step::Rows(of) => Some(*of),
        Step::Updates(table, _) => Some(Of::Table(*table)),
        _ => None,
    }
}

fn shape(found: usize, expected: usize) -> DatabaseError {
    DatabaseError::Shape {
        message: format!("{found} results of {expected} statements"),
    }
}
