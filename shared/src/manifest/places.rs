//! Where the statements of single tables are in a dump, so that one is restored without the others and without reading all.

use serde::{Deserialize, Serialize};

/// Where everything but the rows is; those are in [`super::TableEntry`]. Places are in bytes of the dump's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Places {
    /// The table in which rows are put together that are too long for a statement, where there may be such rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<String>,
    /// What stands in for tables that foreign keys name and that were not there, while rows are restored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
    /// The tables in the order in which they are filled, then the virtual tables.
    pub tables: Vec<TablePlaces>,
}

/// A run of bytes of the dump: where it begins, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub u64, pub u64);

/// What stands in for a table that was not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// That table's name.
    pub name: String,
    /// The statements that make it.
    pub place: Span,
}

/// What a dump has of one table besides its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TablePlaces {
    /// The table's name.
    pub name: String,
    /// Its CREATE TABLE, then each CREATE UNIQUE INDEX that foreign keys refer to. Empty for a virtual table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub make: Vec<Span>,
    /// UPDATEs that have rows let go of others, before their table is dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlink: Vec<Span>,
    /// All else, in the order in which it works.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rest: Vec<Span>,
    /// The columns of its primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Its foreign keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The names of its triggers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<String>,
    /// Of a full-text table, where its text is when that is not in itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_from: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The table that it refers to, as the foreign key writes it.
    pub table: String,
    /// The columns referred to; empty where they are not named, which means the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Whether rows go or change when the row that they refer to goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows_deletion: bool,
    /// Whether rows change when the key of the row that they refer to changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows_changes: bool,
}
