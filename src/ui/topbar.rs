//! The bar over an incident: what burns, the simulated clock and its controls.

use leptos::prelude::*;

use super::app::go;
use super::dom;
use super::inbox::Severity;
use super::link;
use super::store::{Phase, store};
use crate::present::clock;
use crate::present::route::Route;

#[component]
pub(super) fn TopBar() -> impl IntoView {
    let store = store();
    let number = move || match store.route.get() {
        Route::Incident { number, .. } => number,
        Route::Inbox => String::new(),
    };
    let severity = move || store.alerts.with(|all| all.first().map(|a| a.severity.clone()).unwrap_or_default());
    view! {
        <header class="topbar">
            <button class="quiet back" on:click=move |_| go(&Route::Inbox) aria-label="Back to the inbox">"←"<span class="wide-only">" Inbox"</span></button>
            {move || view! { <Severity level=severity() /> }}
            <h1 id="heading" tabindex="-1">
                <span class="number">{number}</span>
                <span class="headline">{move || store.brief.with(|b| b.headline.clone())}</span>
            </h1>
            <Clock />
            <div class="buttons">
                <button class="primary diagnose" on:click=move |_| {
                    store.diagnosing.set(true);
                    store.panel.set(super::store::Panel::Diagnosis);
                    dom::focus_soon(|| dom::focus("diagnosis"));
                }>"Diagnose"</button>
                <button class="quiet" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" on:click=move |_| store.help.set(true)>"?"</button>
                <ThemeButton />
            </div>
        </header>
    }
    .into_any()
}

#[component]
fn Clock() -> impl IntoView {
    let store = store();
    let instant = Memo::new(move |_| clock::instant(store.brief.with(|b| b.alert_us), store.now.get()) / 1_000_000);
    let playing = move || store.phase.get() == Phase::Playing;
    view! {
        <div class="clock" role="group" aria-label="Simulated clock">
            <div class="time">
                <time>{move || if playing() { clock::time_of_day(instant.get() * 1_000_000) } else { "--:--:--".into() }}</time>
                <span class="muted">
                    {move || if playing() { format!("{} UTC", clock::date(instant.get() * 1_000_000)) } else { "UTC".into() }}
                </span>
            </div>
            <div class="since">
                <span>{move || clock::since_alert(store.now.get() / 1_000_000 * 1_000_000)}</span>
                <span class="muted">{move || store.lag.get().unwrap_or_else(|| if store.paused.get() { "paused".into() } else { "since the alert".into() })}</span>
            </div>
            <button class="pause" class:on=move || store.paused.get() on:click=move |_| link::pause(!store.paused.get_untracked())>
                {move || if store.paused.get() { "▶ Resume" } else { "❚❚ Pause" }}
            </button>
            <label class="speed">
                <span class="vh">"Speed of the simulated clock"</span>
                <select prop:value=move || store.speed.get().to_string() on:change=move |event| {
                    if let Ok(speed) = event_target_value(&event).parse() {
                        link::speed(speed);
                    }
                }>
                    {clock::SPEEDS.map(|speed| view! { <option value=speed.to_string()>{format!("{speed}×")}</option> }).to_vec()}
                </select>
            </label>
        </div>
    }
    .into_any()
}

#[component]
pub(super) fn ThemeButton() -> impl IntoView {
    let store = store();
    view! {
        <button class="quiet" on:click=move |_| {
            store.light.update(|light| *light = !*light);
            dom::set_local("theme", if store.light.get_untracked() { "light" } else { "dark" });
        }>
            {move || if store.light.get() { "Dark" } else { "Light" }}
            <span class="vh">" theme"</span>
        </button>
    }
}
