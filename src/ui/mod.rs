//! The page: Leptos panels over signals. One panel is one file here and one sheet in `style/`.
//!
//! Start reading at `app` (which view) and `link` (the wire to the engine). Invariant: nothing here knows a world; a panel
//! shows `protocol` through `present` and sends letters.

mod alerts;
mod app;
mod charts;
mod diagnosis;
mod dom;
mod inbox;
mod link;
mod prose;
mod save;
mod score;
mod store;
mod terminal;
mod topbar;

pub use app::main;
