//! Short ways to the browser's objects. Where the browser refuses, nothing happens: the page must not fall over it.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, Window};

pub(super) fn window() -> Window {
    leptos::prelude::window()
}

pub(super) fn document() -> Document {
    leptos::prelude::document()
}

/// Real milliseconds, for the beat and the watchdog only.
#[expect(
    clippy::disallowed_methods,
    reason = "the beat turns real time into an amount of simulated time, here and nowhere else"
)]
pub(super) fn real_ms() -> f64 {
    window().performance().map_or(0.0, |p| p.now())
}

/// The seed of a new game, the only true randomness: 32 bits, so that it reads and travels well.
#[expect(clippy::disallowed_methods, reason = "a new game's seed is the one thing that is not replayed but recorded")]
pub(super) fn new_seed() -> u64 {
    (js_sys::Math::random() * 4_294_967_296.0) as u64
}

pub(super) fn element(name: &str, class: &str) -> HtmlElement {
    // The names are ours and valid, so the browser makes the element.
    let made = document().create_element(name).ok().and_then(|e| e.dyn_into::<HtmlElement>().ok());
    let Some(made) = made else { unreachable!("the browser makes elements of known names") };
    if !class.is_empty() {
        made.set_class_name(class);
    }
    made
}

pub(super) fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

/// A property of the element's style: a strict content policy allows this and forbids the attribute.
pub(super) fn style(element: &HtmlElement, name: &str, value: &str) {
    let _ = element.style().set_property(name, value);
}

pub(super) fn by_id(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

pub(super) fn focus(id: &str) {
    if let Some(element) = by_id(id) {
        let _ = element.focus();
    }
}

/// Focus for what a key has just asked for: at once, since the player's next key may come before the next frame; and
/// in the next frame only if it is not shown before.
pub(super) fn focus_soon(focus: impl Fn() + 'static) {
    let active = || document().active_element();
    let before = active();
    focus();
    if active() == before {
        request_animation_frame(move || {
            if active() == before {
                focus();
            }
        });
    }
}

pub(super) fn local(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

pub(super) fn set_local(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Does a key event belong to a field that takes text?
pub(super) fn types_text(event: &web_sys::Event) -> bool {
    let Some(element) = event.target().and_then(|t| t.dyn_into::<HtmlElement>().ok()) else { return false };
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || element.is_content_editable()
}

/// Offers text as a file.
pub(super) fn download(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let Ok(blob) = web_sys::Blob::new_with_str_sequence(&parts) else { return };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    let anchor = element("a", "");
    set(&anchor, "href", &url);
    set(&anchor, "download", name);
    anchor.click();
    let _ = web_sys::Url::revoke_object_url(&url);
}

/// The text behind an address, or what to tell the player.
pub(super) async fn fetch_text(address: &str) -> Result<String, String> {
    use wasm_bindgen_futures::JsFuture;
    let failed = || "It could not be fetched. Check the connection and try again.".to_owned();
    let response = JsFuture::from(window().fetch_with_str(address)).await.map_err(|_| failed())?;
    let response: web_sys::Response = response.dyn_into().map_err(|_| failed())?;
    if !response.ok() {
        return Err(match response.status() {
            404 => "There is nothing at this address.".to_owned(),
            status => format!("The server answered with status {status}."),
        });
    }
    let text = JsFuture::from(response.text().map_err(|_| failed())?).await.map_err(|_| failed())?;
    text.as_string().ok_or_else(failed)
}
