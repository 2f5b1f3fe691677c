//! Which view is shown, the shortcuts that work everywhere, and the region that speaks.

use leptos::{ev, prelude::*};

use super::alerts::Alerts;
use super::charts::Charts;
use super::diagnosis::Diagnosis;
use super::dom::{self, document, window};
use super::inbox::Inbox;
use super::link;
use super::score::Score;
use super::store::{Panel, Phase, Store, store};
use super::terminal::{self, Terminals};
use super::topbar::TopBar;
use crate::present::route::Route;

/// Mounts the page.
pub fn main() {
    console_error_panic_hook::set_once();
    if let Some(loading) = dom::by_id("loading") {
        loading.remove();
    }
    leptos::mount::mount_to_body(App);
}

/// Puts a view into the address without a new entry in the history.
pub(super) fn show(store: Store, number: String, seed: Option<u64>) {
    let route = Route::Incident { number, seed };
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&route.hash()));
    }
    store.route.set(route);
}

/// Goes to a view; the browser's "back" leads here again.
pub(super) fn go(route: &Route) {
    let _ = window().location().set_hash(&route.hash());
}

fn follow_address(store: Store) {
    let hash = window().location().hash().unwrap_or_default();
    let route = Route::parse(&hash);
    let before = store.route.get_untracked();
    match &route {
        Route::Inbox => {
            if matches!(before, Route::Incident { .. }) {
                link::leave();
            }
            document().set_title("Firedrill");
        }
        Route::Incident { number, seed } => {
            document().set_title(&format!("{number} · Firedrill"));
            let same = matches!(&before, Route::Incident { number: open, .. } if open == number);
            if !same || store.phase.with_untracked(|p| *p == Phase::None) {
                link::open(number.clone(), *seed);
            }
        }
    }
    let moved = before != route;
    store.route.set(route);
    if moved {
        // A new view begins at its heading.
        request_animation_frame(|| dom::focus("heading"));
    }
}

fn theme(store: Store) {
    let wanted = dom::local("theme");
    let system = window().match_media("(prefers-color-scheme: light)").ok().flatten().is_some_and(|m| m.matches());
    store.light.set(wanted.map_or(system, |w| w == "light"));
    Effect::new(move |_| {
        let name = if store.light.get() { "light" } else { "dark" };
        if let Some(root) = document().document_element() {
            dom::set(&root, "data-theme", name);
        }
    });
}

#[component]
fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    theme(store);
    link::start(store);
    follow_address(store);
    let hash = window_event_listener(ev::hashchange, move |_| follow_address(store));
    let keys = window_event_listener(ev::keydown, move |event| shortcut(store, &event));
    on_cleanup(move || {
        hash.remove();
        keys.remove();
    });
    let incident = Memo::new(move |_| matches!(store.route.get(), Route::Incident { .. }));
    view! {
        <button class="skip" on:click=|_| dom::focus("heading")>"Skip to content"</button>
        {move || if incident.get() { view! { <Incident /> }.into_any() } else { view! { <Inbox /> }.into_any() }}
        <Notices />
        <p class="vh" role="status" aria-live="polite">{move || store.said.get()}</p>
        <Show when=move || store.help.get()><Help /></Show>
    }
}

/// One key each, only where no field takes text (WCAG 2.1.4); the terminal keeps its keys to itself.
fn shortcut(store: Store, event: &web_sys::KeyboardEvent) {
    if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() || dom::types_text(event) {
        return;
    }
    let incident = matches!(store.route.get_untracked(), Route::Incident { .. });
    match event.key().as_str() {
        "?" => store.help.set(true),
        // The list of keys is modal: the others wait until it is closed.
        _ if store.help.get_untracked() => return,
        _ if !incident => return,
        "t" => {
            store.panel.set(Panel::Terminal);
            dom::focus_soon(terminal::enter);
        }
        "a" => jump(store, Panel::Alert, "acknowledge"),
        "m" => jump(store, Panel::Charts, "chart-0"),
        "d" => {
            store.diagnosing.set(true);
            jump(store, Panel::Diagnosis, "diagnosis");
        }
        "p" => link::pause(!store.paused.get_untracked()),
        "i" => go(&Route::Inbox),
        _ => return,
    }
    event.prevent_default();
}

fn jump(store: Store, panel: Panel, id: &'static str) {
    store.panel.set(panel);
    dom::focus_soon(move || dom::focus(id));
}

#[component]
fn Incident() -> impl IntoView {
    let store = store();
    let resumed = move || match store.resumed.get() {
        None => "",
        Some(crate::protocol::Resumed::Equal { .. }) => "equal",
        Some(crate::protocol::Resumed::Differs { .. }) => "differs",
    };
    let phase = move || match store.phase.get() {
        Phase::None => "none",
        Phase::Loading(_) => "loading",
        Phase::Playing => "playing",
        Phase::Failed(_) => "failed",
    };
    let panel = move || match store.panel.get() {
        Panel::Alert => "alert",
        Panel::Terminal => "terminal",
        Panel::Charts => "charts",
        Panel::Diagnosis => "diagnosis",
    };
    view! {
        <div
            class="incident"
            data-phase=phase
            data-resumed=resumed
            data-restarts=move || store.restarts.get().to_string()
            data-now=move || store.now.get().to_string()
            data-saved=move || store.saved.get().to_string()
            data-panel=panel
            data-diagnosing=move || (store.diagnosing.get() || store.report.with(Option::is_some)).to_string()
        >
            <TopBar />
            {move || match store.phase.get() {
                Phase::Loading(what) => view! { <p class="banner" role="status"><span class="spinner" aria-hidden="true"></span>{what}" …"</p> }.into_any(),
                Phase::Failed(why) => view! { <Failed why /> }.into_any(),
                _ => ().into_any(),
            }}
            <main class="board" class:nothing=move || {
                matches!(store.phase.get(), Phase::Failed(_)) && store.brief.with(|b| b.number.is_empty())
            }>
                <div class="side">
                    <Alerts />
                    <Charts />
                </div>
                <Terminals />
                <aside class="answer" aria-label="Diagnosis and score">
                    {move || if store.report.with(Option::is_some) {
                        view! { <Score /> }.into_any()
                    } else {
                        view! { <Diagnosis /> }.into_any()
                    }}
                </aside>
            </main>
            <BottomBar />
        </div>
    }
    .into_any()
}

/// On a narrow page, one panel at a time.
#[component]
fn BottomBar() -> impl IntoView {
    let store = store();
    let item = move |panel: Panel, name: &'static str| {
        view! {
            <button
                aria-current=move || (store.panel.get() == panel).then_some("page")
                on:click=move |_| store.panel.set(panel)
            >
                {name}
                {move || (panel == Panel::Alert && store.firing() > 0).then(|| format!(" ({})", store.firing()))}
            </button>
        }
    };
    view! {
        <nav class="bottombar" aria-label="Panels">
            {item(Panel::Alert, "Alerts")}
            {item(Panel::Terminal, "Terminal")}
            {item(Panel::Charts, "Charts")}
            {item(Panel::Diagnosis, "Diagnosis")}
        </nav>
    }
    .into_any()
}

#[component]
fn Failed(why: String) -> impl IntoView {
    let store = store();
    let number = move || match store.route.get_untracked() {
        Route::Incident { number, .. } => number,
        Route::Inbox => String::new(),
    };
    view! {
        <div class="banner bad" role="alert">
            <p>{why}</p>
            <p class="buttons">
                <button on:click=move |_| go(&Route::Inbox)>"Back to the inbox"</button>
                {link::run_file().map(|(name, text)| view! {
                    <button on:click=move |_| dom::download(&name, &text)>"Download the run"</button>
                    <button on:click=move |_| link::again(number())>"Start this incident anew"</button>
                })}
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn Notices() -> impl IntoView {
    let store = store();
    view! {
        <div class="notices">
            <For each=move || store.notices.get() key=|n| n.id let:notice>
                <div class="notice">
                    <span>{notice.text.clone()}</span>
                    <button aria-label="Dismiss" on:click=move |_| store.notices.update(|all| all.retain(|n| n.id != notice.id))>"×"</button>
                </div>
            </For>
        </div>
    }
    .into_any()
}

#[component]
fn Help() -> impl IntoView {
    let store = store();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get() {
            // Fails only where it is open already.
            let _ = dialog.show_modal();
        }
    });
    let row = |keys: &'static str, what: &'static str| view! { <tr><th scope="row"><kbd>{keys}</kbd></th><td>{what}</td></tr> };
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="help-title" on:close=move |_| store.help.set(false)>
            <h2 id="help-title">"Keyboard"</h2>
            <table>
                <tbody>
                    {row("t", "type in the terminal")}
                    {row("a", "acknowledge the page")}
                    {row("m", "the charts; ← and → move along them")}
                    {row("d", "the diagnosis")}
                    {row("p", "pause or resume the simulated clock")}
                    {row("i", "the inbox; the run is saved")}
                    {row("?", "this list")}
                </tbody>
            </table>
            <h3>"In the terminal"</h3>
            <table>
                <tbody>
                    {row("Esc Esc", "leave it (also Ctrl+Shift+L)")}
                    {row("Ctrl+↑ Ctrl+↓", "to the previous or next command")}
                    {row("Shift+PgUp", "scroll; Shift+End returns to live output")}
                    {row("Alt+F2", "review the output; Esc returns")}
                    {row("Ctrl+Backspace", "delete a word (Ctrl+W closes the browser's tab)")}
                    {row("Ctrl+C", "copy what is selected, else interrupt")}
                </tbody>
            </table>
            <form method="dialog"><button class="primary">"Close"</button></form>
        </dialog>
    }
    .into_any()
}
