//! What the plan of retention decides: dated scenarios with every reason, and random histories.

mod history;
mod random;
mod scenarios;
