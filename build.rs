//! Tells the linker how much stack a wasm module gets: its default of 1 MB is too little for a parser that recurses.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script what it builds in the environment")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-bins=-zstack-size=8388608");
    }
}
