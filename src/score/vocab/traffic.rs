//! Traffic.

use super::{Class, Layer, Mechanism};

pub const TRAFFIC: Layer = Layer {
    name: "Traffic",
    classes: &[Class {
        code: "TR-6",
        name: "organic-overload",
        generic: &["overload"],
        mechanisms: &[Mechanism { name: "campaign", about: "", phrases: &[] }],
    }],
};
