//! A dump in pages, for a database that does not fit one transaction: read by ranges, written in pieces, and stopped and
//! gone on with between any two of them.
//!
//! It has the same statements in the same order as one from a single transaction. Rows may be from different instants,
//! which it says of itself (`paged`); the schema may not change while it is read.

mod pace;
mod reading;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::pace::Pace;
use super::data::{self, Count, Counter, Of, RowText, counters};
use super::plan::Plan;
use super::range::After;
use super::rows::Found;
use super::schema::{self, Object};
use super::script::{Script, Written};
use super::sql::comment;
use super::{About, DumpError, DumpRequest, introspect};
use crate::manifest::{Consistency, Manifest};
use crate::ports::Database;
use crate::registry::Omissions;
use crate::time::Timestamp;

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
    /// Whether what this step has written has a title.
    is_titled: bool,
    pace: Pace,
    /// What was found out about the rows of this step.
    found: Found,
    written: Written,
    /// Foreign keys without an order, as far as only rows can tell.
    deferred: Vec<String>,
    /// Tables whose rows were counted to find the next ones.
    counted: BTreeSet<String>,
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
        /// What was known of the rows when they were read.
        found: Found,
        /// How many rows the table has; only with the first ones.
        count: Option<u64>,
        text: RowText,
        next: Next,
    },
    Updates {
        text: RowText,
        pace: Pace,
        found: Found,
        next: Next,
    },
    Counters(Vec<Counter>),
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
            is_titled: false,
            pace: Pace::START,
            found: Found::default(),
            written: Written::default(),
            deferred: Vec::new(),
            counted: BTreeSet::new(),
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
            table.rows.sets_all = true;
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

    /// Whether all is written.
    pub fn is_complete(&self) -> bool {
        self.cursor.step >= self.steps.len()
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
                Content::Counters(counters(&self.plan, found.read()?))
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
                ..
            } => {
                cursor.pace = *pace;
                if let Some(count) = count {
                    script.open_table(self.plan.name(*of), *count);
                }
                // Grown step by step, it would take up to three times as much memory.
                script.body.reserve(text.bytes());
                script.add_rows(text);
                if next.is_last {
                    script.close_table();
                }
                if !next.is_last && matches!(next.after, Some(After::Offset(_))) {
                    cursor.counted.insert(self.plan.name(*of).to_owned());
                }
                is_last = cursor.advance(next);
            }
            Content::Updates {
                text, pace, next, ..
            } => {
                cursor.pace = *pace;
                let of = of_step(self.steps.get(cursor.step));
                let table = of.map_or("", |of| self.plan.name(of));
                cursor.is_titled |= script.updates(table, &text.pages, cursor.is_titled);
                is_last = cursor.advance(next);
            }
            Content::Counters(counters) => script.counters(counters),
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
            cursor.is_titled = false;
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
        if let Content::Rows { pace, found, .. } | Content::Updates { pace, found, .. } = &piece.0 {
            self.cursor.pace.again = Some(pace.last);
            self.cursor.found = *found;
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
        manifest.warnings.extend(self.cursor.counted.iter().map(|table| {
            format!(
                "Rows of the table `{}` could only be told by counting them: if rows of it came or went while it was read, others are missing or there twice.",
                comment(table)
            )
        }));
        self.cursor.written.complete(&self.plan, &mut manifest);
        manifest
    }

    /// Which of its rows refer to what is known when they are read; by then what stands in has to be there.
    fn missing(&self) -> Vec<&String> {
        self.plan.missing(self.plan.tables.iter())
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
