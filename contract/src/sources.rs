//! What [`Sources`] promise.

use shared::ports::{Database, MissingBinding, Sources, Statement};

use crate::suite;
use crate::verdict::{Verdict, same, unexpected};

/// The binding of the one source that is there.
pub const BOUND: &str = "DB";

/// Calls the macro `$with` with the contracts of the source databases.
#[macro_export]
macro_rules! sources_contracts {
    ($with:ident) => {
        $with! {
            Sources:
            a_source_is_found_by_its_binding,
            a_binding_that_is_not_there_is_named,
        }
    };
}
sources_contracts!(suite);

async fn a_source_is_found_by_its_binding(sources: &impl Sources) -> Verdict {
    let source = sources.source(BOUND).map_err(unexpected)?;
    let outcomes = source.batch(&[Statement::new("SELECT 1")]).await;
    same(outcomes.map_err(unexpected)?.len(), 1)
}

async fn a_binding_that_is_not_there_is_named(sources: &impl Sources) -> Verdict {
    let missing = MissingBinding {
        binding: "NO_SUCH_DB".to_owned(),
    };
    same(sources.source("NO_SUCH_DB").err(), Some(missing))
}
