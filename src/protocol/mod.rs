//! Plain data between the page and the engine worker. Both ends are one build, so the format is postcard and has no
//! history: a version and a build id in the handshake refuse a worker of another build instead of misreading it.
//!
//! Invariant: nothing here knows how a world works or how a page looks. Words for a player are finished sentences.

mod message;
mod term;
mod view;

pub use message::*;
pub use term::*;
pub use view::*;

use serde::{Serialize, de::DeserializeOwned};

/// Raised with any change of these types.
pub const VERSION: u32 = 1;
/// Both ends of one build have the same.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// One message as bytes.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    // Only a type that cannot say its length can fail, and no message has one.
    postcard::to_allocvec(message).unwrap_or_default()
}

/// The message that these bytes are, or what to tell the player.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes)
        .map_err(|_| "The page and the engine do not understand each other: reload the page.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_wire() {
        let sent = Letter {
            seq: 7,
            body: ToEngine::Edit { term: 2, edit: Edit { seq: 9, left: 1, right: 0, insert: "é".into() } },
        };
        assert_eq!(decode::<Letter>(&encode(&sent)), Ok(sent));
        let answer = FromEngine::Update(Box::new(Update { ack: 7, ..Update::default() }));
        assert_eq!(decode::<FromEngine>(&encode(&answer)), Ok(answer));
    }

    #[test]
    fn foreign_bytes_are_refused_in_plain_words() {
        assert!(decode::<FromEngine>(&[255, 255, 255, 255, 255, 255]).is_err_and(|why| why.contains("reload")));
    }
}
