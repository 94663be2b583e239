//! What the next step of a dump in pages reads.

use serde::Deserialize;

use super::pace::{MOST_LONG_ROWS, MOST_ROWS};
use super::{Content, Next, PagedDump};
use crate::dump::DumpError;
use crate::dump::data::{
    self, Count, LongRow, Of, Outcomes, PageRow, Pair, lines, merge, place_of, reveals,
    reveals_long_rows, settings,
};
use crate::dump::limits::LONGEST_STATEMENT;
use crate::dump::range::{After, Range};
use crate::ports::{Database, DatabaseError, Outcome, Statement};

/// What was looked through for rows to be updated.
#[derive(Debug, Deserialize)]
struct Scanned {
    rows: u64,
    /// The place of the last one, where they have a key.
    last: Option<String>,
}

impl<D: Database> PagedDump<'_, D> {
    pub(super) async fn ask<const N: usize>(
        &self,
        sql: [String; N],
    ) -> Result<[Outcome; N], DumpError> {
        Ok(self.database.run(sql.map(Statement::new)).await?)
    }

    pub(super) async fn read_rows(&mut self, of: Of, room: usize) -> Result<Content, DumpError> {
        let mut limit = self.cursor.pace.rows(room);
        loop {
            let rows = self.plan.rows(of)?;
            let is_first = self.cursor.after.is_none();
            let with_long_rows = rows.found.long_rows;
            let statements = self.statements(of, limit, |range| {
                let count =
                    is_first.then(|| format!("SELECT count(*) AS found FROM {}", rows.table));
                let pages = rows.pages(Some(range));
                let long_rows =
                    with_long_rows.then(|| rows.long_rows(&self.plan.scratch, Some(range)));
                [count, Some(pages), long_rows]
                    .into_iter()
                    .flatten()
                    .collect()
            })?;
            let mut outcomes = match self.database.batch(&statements).await {
                Ok(outcomes) => Outcomes::from(outcomes),
                Err(DatabaseError::TooBig { .. }) if limit > 1 => {
                    limit = fewer(limit);
                    continue;
                }
                // One row is more than a value holds.
                Err(DatabaseError::TooBig { .. }) if !with_long_rows => {
                    self.plan.rows_mut(of)?.found.long_rows = true;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let count = match is_first {
                true => Some(
                    outcomes
                        .next()?
                        .read::<Count>()?
                        .iter()
                        .map(|row| row.found)
                        .sum(),
                ),
                false => None,
            };
            let pages: Vec<PageRow> = outcomes.next()?.read()?;
            let long: Vec<LongRow> = match with_long_rows {
                true => outcomes.next()?.read()?,
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
            let found = rows.found;
            // A few long rows among many leave the others as fast as they are.
            rows.found.long_rows = !long.is_empty();
            let after = pages.last().and_then(|page| page.place(rows));
            let text = merge(rows, pages, long);
            let pace = self.cursor.pace.learn(limit, &text, most);
            let next = self.next(text.rows, limit, after);
            return Ok(Content::Rows {
                of,
                pace,
                found,
                count,
                text,
                next,
            });
        }
    }

    /// A range is of rows that are updated. Where they have no rowid, it is of rows that are looked through for such.
    pub(super) async fn read_updates(
        &mut self,
        table: usize,
        column: usize,
        room: usize,
    ) -> Result<Content, DumpError> {
        let of = Of::Table(table);
        let mut limit = self.cursor.pace.rows(room);
        loop {
            let rows = self.plan.rows(of)?;
            let is_scanned = !rows.has_rowid();
            let statements = self.statements(of, limit, |range| {
                let updates = rows.updates(Some(range)).into_iter().nth(column);
                let scanned = is_scanned.then(|| rows.scanned(range));
                updates.into_iter().chain(scanned).collect()
            })?;
            let mut outcomes = match self.database.batch(&statements).await {
                Ok(outcomes) => Outcomes::from(outcomes),
                Err(DatabaseError::TooBig { .. }) if limit > 1 => {
                    limit = fewer(limit);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let pages: Vec<PageRow> = outcomes.next()?.read()?;
            let scanned: Option<Scanned> = match is_scanned {
                true => outcomes.next()?.first()?,
                false => None,
            };
            let rows = self.plan.rows_mut(of)?;
            if reveals(&pages, rows) {
                continue;
            }
            if pages.iter().any(PageRow::has_long_rows) {
                return Err(DumpError::StatementTooLong {
                    object: rows.table.clone(),
                });
            }
            let found = rows.found;
            let last = pages.last().and_then(|page| page.last.clone());
            let text = lines(pages);
            let pace = self.cursor.pace.learn(limit, &text, MOST_ROWS);
            let next = match scanned {
                Some(Scanned { rows, last }) => {
                    self.next(rows, limit, last.as_deref().and_then(place_of))
                }
                None if is_scanned => self.next(0, limit, None),
                None => self.next(text.rows, limit, last.map(After::Rowid)),
            };
            return Ok(Content::Updates {
                text,
                pace,
                found,
                next,
            });
        }
    }

    pub(super) async fn read_virtual(&self, n: usize) -> Result<Content, DumpError> {
        let Some(found) = self.plan.virtuals.get(n).filter(|found| found.has_settings) else {
            return Ok(Content::Virtual(n, Vec::new()));
        };
        let [set] = self.ask([data::settings_of(&found.name)]).await?;
        let set: Vec<Pair> = set.read()?;
        Ok(Content::Virtual(n, settings(&found.name, set)))
    }

    /// The statements that read the next range. The key of the last row stands there several times, and may make one too
    /// long: then the rows before it are counted.
    fn statements(
        &self,
        of: Of,
        limit: u32,
        reads: impl Fn(&Range) -> Vec<String>,
    ) -> Result<Vec<Statement>, DumpError> {
        let after = self.cursor.after.clone();
        let has_key = matches!(after, Some(After::Key(_)));
        let mut sql = reads(&Range { after, limit });
        if has_key && sql.iter().any(|sql| sql.len() > LONGEST_STATEMENT) {
            let after = Some(After::Offset(self.cursor.done));
            sql = reads(&Range { after, limit });
        }
        let statements = sql.into_iter();
        statements
            .map(|sql| data::statement(sql, || self.plan.name(of).to_owned()))
            .collect()
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

/// How many rows are read where so many were too much.
fn fewer(limit: u32) -> u32 {
    (limit / 4).max(1)
}
