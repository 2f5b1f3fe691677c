//! Storage: ST-1, ST-2.

use super::{Class, Layer, Mechanism};

pub const STORAGE: Layer = Layer {
    name: "Storage",
    classes: &[Class {
        code: "ST-1",
        name: "disk-exhaustion",
        generic: &["disk full"],
        mechanisms: &[
            Mechanism { name: "unrotated-log", about: "", phrases: &[] },
            Mechanism { name: "backup/coredump-leftovers", about: "", phrases: &[] },
        ],
    }],
};
