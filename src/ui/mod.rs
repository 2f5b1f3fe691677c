//! The page: shows what the engine worker answers.
use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// Mounts the page and greets the engine.
pub fn main() {
    console_error_panic_hook::set_once();
    let (status, set_status) = signal("The engine is starting".to_owned());
    match Engine::start(move |answer| set_status.set(answer)) {
        Ok(engine) => engine.send("hello"),
        Err(why) => set_status.set(format!("The engine cannot start: {why:?}")),
    }
    leptos::mount::mount_to_body(move || {
        view! {
            <main>
                <h1>"Firedrill"</h1>
                <p role="status">{status}</p>
            </main>
        }
    });
}

/// The engine worker, and what waits for it to be ready.
struct Engine {
    worker: Worker,
    /// `Some` until the worker has said that it listens.
    waiting: Rc<RefCell<Option<Vec<String>>>>,
}

impl Engine {
    fn start(mut on_answer: impl FnMut(String) + 'static) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // The build writes the address, with the version of this page's worker, into the page.
        let address = document()
            .query_selector("meta[name=engine]")?
            .and_then(|meta| meta.get_attribute("content"))
            .ok_or("the page does not name its engine")?;
        let worker = Worker::new_with_options(&address, &options)?;
        let waiting = Rc::new(RefCell::new(Some(Vec::new())));
        let (port, queue) = (worker.clone(), waiting.clone());
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let said = event.data().as_string().unwrap_or_default();
            // The first word is always "ready"; whatever follows is an answer.
            let waited: Option<Vec<String>> = queue.borrow_mut().take();
            match waited {
                Some(waited) => waited.iter().for_each(|text| post(&port, text)),
                None => on_answer(said),
            }
        });
        worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        hear.forget();
        Ok(Self { worker, waiting })
    }

    fn send(&self, text: &str) {
        match self.waiting.borrow_mut().as_mut() {
            Some(queue) => queue.push(text.to_owned()),
            None => post(&self.worker, text),
        }
    }
}

fn post(worker: &Worker, text: &str) {
    // Fails only for values that cannot be copied, which a string is not.
    let _ = worker.post_message(&JsValue::from_str(text));
}
