//! Exporters that need no other crate.

mod bar;
pub(crate) mod color;
pub(crate) mod console;
pub(crate) mod duration;
mod flat;
mod json;
pub(crate) mod json_lines;
mod live_text;
mod look;
pub(crate) mod memory;
mod notes;
mod pieces;
mod rows;
mod span_json;
mod target;
mod tree_text;
mod wait_json;
pub(crate) mod wait_notes;
