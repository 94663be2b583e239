//! The exporter Worker.
