//! What D1 refuses and SQLite would do.
//!
//! In force while a batch runs, and only then: a test may use the connection for what no Worker could do.
//! The contracts of a database compare them with D1 itself.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

/// The least that any released D1 was seen to allow: newer ones allow longer values.
const LIMITS: [(Limit, i32); 6] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_200_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
];

/// Functions of our SQLite that D1 refuses or does not have.
const MISSING_FUNCTIONS: [&str; 26] = [
    "fts3_tokenizer",
    "fts5",
    "fts5_get_locale",
    "fts5_insttoken",
    "fts5_locale",
    "fts5_source_id",
    "if",
    "json_array_insert",
    "json_error_position",
    "json_pretty",
    "jsonb_array_insert",
    "load_extension",
    "matchinfo",
    "offsets",
    "optimize",
    "rtreedepth",
    "rtreenode",
    "soundex",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_log",
    "sqlite_source_id",
    "sqlite_version",
    "subtype",
    "unistr",
    "unistr_quote",
];

/// Pragmas that D1 takes with an argument and without.
const PRAGMAS: [&str; 12] = [
    "case_sensitive_like",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "optimize",
    "page_size",
    "quick_check",
    "recursive_triggers",
    "reverse_unordered_selects",
    "table_list",
];

/// Pragmas that D1 takes with the name of a table or index.
const PRAGMAS_OF_AN_OBJECT: [&str; 6] = [
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_xinfo",
];

/// The switch of a connection's restrictions.
#[derive(Debug, Clone)]
pub(super) struct Restrictions {
    in_force: Arc<AtomicBool>,
    /// Whether the connection is defensive. Each change of that has SQLite compile every statement anew.
    is_defensive: Rc<Cell<bool>>,
}

impl Restrictions {
    /// Those of `connection`, not yet in force.
    pub(super) fn on(connection: &mut Connection) -> rusqlite::Result<Self> {
        let in_force = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&in_force);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if !switch.load(Ordering::Relaxed) || is_allowed(&context) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }))?;
        Ok(Self {
            in_force,
            is_defensive: Rc::default(),
        })
    }

    /// Takes away what stays in force behind a batch.
    pub(super) fn lift(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.set_defensive(connection, false)
    }

    fn set_defensive(&self, connection: &Connection, on: bool) -> rusqlite::Result<()> {
        if self.is_defensive.replace(on) != on {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, on)?;
        }
        Ok(())
    }

    /// Does `action` with the restrictions in force.
    pub(super) fn enforce<T>(
        &self,
        connection: &Connection,
        action: impl FnOnce() -> T,
    ) -> rusqlite::Result<T> {
        let mut own = LIMITS;
        for (limit, value) in &mut own {
            *value = connection.set_limit(*limit, *value)?;
        }
        self.set_defensive(connection, true)?;
        self.in_force.store(true, Ordering::Relaxed);
        let result = action();
        self.in_force.store(false, Ordering::Relaxed);
        for (limit, value) in own {
            connection.set_limit(limit, value)?;
        }
        Ok(result)
    }
}

fn is_allowed(context: &AuthContext<'_>) -> bool {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        // SQLite itself looks through the temporary schema, which is always empty.
        AuthAction::Read { table_name, .. } | AuthAction::Update { table_name, .. } => {
            is_visible(table_name)
        }
        _ if context.database_name == Some("temp") => false,
        AuthAction::CreateTable { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Analyze { table_name } => is_visible(table_name),
        AuthAction::CreateView { view_name } | AuthAction::DropView { view_name } => {
            is_visible(view_name)
        }
        AuthAction::Reindex { index_name } => is_visible(index_name),
        AuthAction::CreateIndex {
            index_name: name,
            table_name,
        }
        | AuthAction::DropIndex {
            index_name: name,
            table_name,
        }
        | AuthAction::CreateTrigger {
            trigger_name: name,
            table_name,
        }
        | AuthAction::DropTrigger {
            trigger_name: name,
            table_name,
        } => is_visible(name) && is_visible(table_name),
        AuthAction::CreateVtable { module_name, .. }
        | AuthAction::DropVtable { module_name, .. } => ["fts5", "fts5vocab"]
            .iter()
            .any(|module| module_name.eq_ignore_ascii_case(module)),
        AuthAction::Function { function_name } => !MISSING_FUNCTIONS.contains(&function_name),
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => is_allowed_pragma(pragma_name, pragma_value),
        // Transactions, savepoints, temporary and attached databases, and whatever SQLite may learn.
        _ => false,
    }
}

fn is_allowed_pragma(name: &str, value: Option<&str>) -> bool {
    match value {
        None => PRAGMAS.contains(&name) || name == "data_version",
        Some(value) => {
            (PRAGMAS.contains(&name) || PRAGMAS_OF_AN_OBJECT.contains(&name)) && is_visible(value)
        }
    }
}

/// Whether it is none of D1's own tables, which are listed in the schema and closed to everyone.
fn is_visible(name: &str) -> bool {
    !name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("_cf_"))
}
