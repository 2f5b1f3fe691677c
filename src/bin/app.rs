//! The page's entry. An empty program natively, so that one package builds everywhere.
fn main() {
    #[cfg(target_arch = "wasm32")]
    firedrill::ui::main();
}
