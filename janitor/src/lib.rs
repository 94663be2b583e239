//! The janitor Worker.
