//! A thing of the fleet that an answer can name.

use serde::{Deserialize, Serialize};

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    Host,
    Unit,
    Service,
    FileSystem,
    Folder,
    Config,
    Log,
}

impl ObjectKind {
    /// As a player reads it.
    pub fn label(self) -> &'static str {
        match self {
            ObjectKind::Host => "host",
            ObjectKind::Unit => "unit",
            ObjectKind::Service => "service",
            ObjectKind::FileSystem => "file system",
            ObjectKind::Folder => "folder",
            ObjectKind::Config => "configuration",
            ObjectKind::Log => "log",
        }
    }
}

/// A thing that can be named as origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Unique in the fleet: `web-02/myapp.service`.
    pub id: String,
    pub kind: ObjectKind,
    /// Plain words for it, beside the id.
    pub words: Vec<String>,
}
