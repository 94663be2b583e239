//! The producer Worker.
