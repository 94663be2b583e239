//! What a [`Database`] promises, which is what D1 does.
//!
//! All contracts may run on one database, one after the other: each has tables of its own.

mod batch;
mod constraints;
mod description;
mod functions;
mod limits;
mod parameters;
mod restrictions;
mod values;

use std::fmt::Debug;

use serde_json::Value;
use shared::ports::{Database, DatabaseError, Outcome, Statement};

use self::{
    batch::*, constraints::*, description::*, functions::*, limits::*, parameters::*,
    restrictions::*, values::*,
};
use crate::suite;
use crate::verdict::{Verdict, same, unexpected};

/// Calls the macro `$with` with the contracts of a database.
#[macro_export]
macro_rules! database_contracts {
    ($with:ident) => {
        $with! {
            Database:
            an_empty_batch_does_nothing,
            an_empty_statement_is_refused,
            outcomes_come_one_per_statement_in_order,
            a_batch_that_fails_leaves_nothing,
            a_statement_sees_what_the_earlier_ones_of_its_batch_did,
            changes_are_counted_for_each_statement,
            a_compare_and_set_changes_one_row_when_it_wins_and_none_when_it_loses,
            what_triggers_and_cascades_change_counts_too,
            null_numbers_and_texts_come_out_as_they_are,
            whole_numbers_are_exact_below_2_to_the_53rd,
            larger_whole_numbers_are_rounded,
            a_whole_real_looks_like_an_integer,
            an_infinite_real_is_null,
            a_blob_is_a_list_of_its_bytes,
            text_that_is_no_utf_8_gets_replacement_characters,
            the_later_of_two_columns_of_one_name_wins,
            a_name_in_double_quotes_that_is_no_column_is_a_text,
            parameters_are_null_real_or_text,
            an_integer_of_53_bits_is_stored_exactly_in_an_integer_column,
            an_integer_of_more_bits_is_refused,
            a_text_is_bound_with_every_character,
            a_parameter_may_stand_in_several_places,
            a_wrong_number_of_parameters_is_refused,
            a_hundred_parameters_are_taken_and_no_more,
            a_violated_constraint_is_refused,
            foreign_keys_are_enforced,
            foreign_keys_cannot_be_switched_off,
            deferred_foreign_keys_are_checked_at_the_end_of_the_batch,
            a_batch_that_ends_with_a_violation_leaves_nothing,
            deferring_ends_with_the_batch,
            a_value_of_2_000_000_bytes_comes_out_whole,
            a_statement_may_insert_as_many_rows_as_its_length_allows,
            a_value_over_the_length_limit_is_too_big,
            a_result_that_grows_over_the_length_limit_is_too_big,
            a_parameter_over_the_length_limit_is_too_big,
            a_statement_has_at_most_100_000_bytes,
            an_expression_is_at_most_100_deep,
            a_result_has_at_most_100_columns,
            a_table_has_at_most_100_columns,
            a_compound_select_has_at_most_5_terms,
            an_insert_may_have_hundreds_of_rows,
            a_pattern_has_at_most_50_bytes,
            a_missing_table_or_column_is_refused,
            a_syntax_error_is_refused,
            transactions_and_savepoints_are_refused,
            attached_and_temporary_schemas_are_refused,
            a_vacuum_is_refused,
            internal_tables_can_neither_be_made_nor_read,
            a_name_that_only_resembles_an_internal_one_is_free,
            pragmas_that_reveal_or_change_the_file_are_refused,
            the_schema_cannot_be_written_past_its_statements,
            the_counters_of_autoincrement_can_be_written,
            full_text_tables_work_and_their_shadow_tables_are_read_only,
            other_virtual_tables_are_refused,
            a_table_may_be_altered,
            one_query_describes_all_tables,
            columns_are_described_with_the_hidden_ones,
            foreign_keys_are_described,
            indexes_are_described_with_their_columns,
            internal_tables_are_listed_and_not_described,
            functions_that_format_values_are_there,
            functions_that_tell_about_the_engine_are_not_there,
            group_concat_keeps_the_order_it_is_told,
            json_each_reads_a_bound_list,
            a_query_may_end_its_batch_with_a_reason_of_its_own,
        }
    };
}
database_contracts!(suite);

/// What the statements did, as one batch and without parameters.
async fn batch(
    database: &impl Database,
    statements: &[&str],
) -> Result<Vec<Outcome>, DatabaseError> {
    let statements: Vec<_> = statements
        .iter()
        .map(|sql| Statement::new((*sql).to_owned()))
        .collect();
    database.batch(&statements).await
}

/// Runs statements that must succeed.
async fn done(database: &impl Database, statements: &[&str]) -> Result<Vec<Outcome>, String> {
    batch(database, statements).await.map_err(unexpected)
}

/// The values of a statement's rows, column after column and row after row.
async fn values(database: &impl Database, statement: Statement) -> Result<Vec<Value>, String> {
    let outcomes = database.batch(&[statement]).await.map_err(unexpected)?;
    Ok(outcomes
        .into_iter()
        .flat_map(|outcome| outcome.rows)
        .flat_map(|row| row.into_iter().map(|(_, value)| value))
        .collect())
}

/// Holds when the query's one value is this.
async fn answers(database: &impl Database, sql: &str, expected: impl Into<Value>) -> Verdict {
    let found = values(database, Statement::new(sql.to_owned())).await?;
    same(found, vec![expected.into()]).map_err(|error| format!("{}: {error}", shortened(sql)))
}

/// Holds when the statement succeeds.
async fn taken(database: &impl Database, sql: &str) -> Verdict {
    match batch(database, &[sql]).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{}: {error}", shortened(sql))),
    }
}

/// Holds when the statement is refused.
async fn refused(database: &impl Database, sql: &str) -> Verdict {
    is_refused(batch(database, &[sql]).await)
        .map_err(|error| format!("{}: {error}", shortened(sql)))
}

/// Holds when the answer is a refusal.
fn is_refused<T: Debug>(answer: Result<T, DatabaseError>) -> Verdict {
    match answer {
        Err(DatabaseError::Refused { .. }) => Ok(()),
        Err(error) => Err(format!("expected a refusal, found: {error}")),
        Ok(_) => Err("expected a refusal, and it was done".to_owned()),
    }
}

/// Holds when the answer is that a value is too big.
fn is_too_big<T: Debug>(answer: Result<T, DatabaseError>) -> Verdict {
    match answer {
        Err(DatabaseError::TooBig { .. }) => Ok(()),
        Err(error) => Err(format!("expected that it is too big, found: {error}")),
        Ok(_) => Err("expected that it is too big, and it was done".to_owned()),
    }
}

fn shortened(sql: &str) -> String {
    sql.chars().take(100).collect()
}
