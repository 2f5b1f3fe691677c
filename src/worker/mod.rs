//! The engine's side of the page: a session answers letters, `port` carries them. Only `port` knows that it is a worker.

mod facts;
#[cfg(target_arch = "wasm32")]
mod port;
mod session;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "wasm32")]
pub use port::main;
