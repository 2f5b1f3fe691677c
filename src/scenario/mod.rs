//! What an author writes: the file format, its checks with errors that say what to write, names and variants drawn by
//! the seed, packs, plays.
//!
//! Takes texts, never files: whoever has a file system or a network reads them. Start with [`format::ScenarioFile`];
//! [`Scenario::load`] checks a [`Pack`], [`Scenario::draw`] gives the [`Incident`] that a world is built from.

pub mod build;
mod catalogue;
mod check;
pub mod format;
mod load;
mod objects;
mod pack;
mod place;
pub mod play;
mod problem;
mod schema;
mod template;

pub use catalogue::{Catalogue, IndexEntry};
pub use check::{mean_bytes, part_of};
pub use load::{Incident, Scenario};
pub use objects::objects;
pub use pack::{PACK_VERSION, Pack};
pub use play::Play;
pub use problem::Problem;
pub use schema::schema_json;
pub use template::{Words, placeholders, substitute};
