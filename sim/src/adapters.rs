//! The ports of the Workers: the native adapters, with a turn of the scheduler before and after each effect, and with faults.

mod bucket;
mod catalogue;
mod drills;
mod queue;
mod source;
mod webhooks;

use shared::ports::DatabaseError;

pub(crate) use bucket::SimBucket;
pub(crate) use catalogue::SimCatalogue;
pub(crate) use drills::{DrillObject, SimDrills, SimEngine};
pub(crate) use queue::{Line, Message, SimQueue};
pub(crate) use source::SimSources;
pub(crate) use webhooks::{Arrived, SimWebhooks};

use crate::faults::Fault;

fn unavailable(fault: Fault) -> DatabaseError {
    DatabaseError::Unavailable {
        message: fault.message(),
    }
}
