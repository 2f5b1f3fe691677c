//! The worker's port: bytes in, bytes out, with the buffer handed over instead of copied.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::session::Session;
use crate::protocol::{BUILD, FromEngine, Letter, VERSION, decode, encode};

/// Listens, then says "ready": what the page posts before that is lost.
pub fn main() {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let port = scope.clone();
    let mut session = Session::default();
    let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = Uint8Array::new(&event.data()).to_vec();
        match decode::<Letter>(&bytes) {
            Ok(letter) => session.handle(letter, &mut |answer| post(&port, &answer)),
            Err(why) => post(&port, &FromEngine::Failed { ack: 0, why }),
        }
    });
    scope.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    // It listens for as long as the worker lives.
    hear.forget();
    post(&scope, &FromEngine::Ready { version: VERSION, build: BUILD.into() });
}

fn post(scope: &DedicatedWorkerGlobalScope, answer: &FromEngine) {
    let buffer = Uint8Array::from(encode(answer).as_slice()).buffer();
    // Fails only for values that cannot be handed over, which a fresh buffer is not.
    let _ = scope.post_message_with_transfer(&buffer, &Array::of1(&buffer));
}
