//! What the exporter does with a message.

mod bench;
mod crashes;
mod facts;
