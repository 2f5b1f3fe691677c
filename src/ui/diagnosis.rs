//! The diagnosis: the record of facts that is judged.

use leptos::{html, prelude::*};

use super::dom;
use super::link;
use super::store::store;
use crate::present::form;
use crate::protocol::{Act, Answer, Choice, Mechanism};

#[component]
pub(super) fn Diagnosis() -> impl IntoView {
    let store = store();
    let answer = RwSignal::new(Answer::default());
    let words = RwSignal::new(String::new());
    let errors = RwSignal::new(Vec::<(&'static str, String)>::new());
    let summary = NodeRef::<html::Div>::new();
    let error =
        move |field: &'static str| errors.with(|all| all.iter().find(|(f, _)| *f == field).map(|(_, why)| why.clone()));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if store.judging.get_untracked() {
            return;
        }
        let found = store.brief.with_untracked(|b| answer.with_untracked(|a| form::missing(a, &b.form)));
        let wrong = !found.is_empty();
        errors.set(found);
        if wrong {
            if let Some(summary) = summary.get_untracked() {
                let _ = summary.focus();
            }
        } else {
            store.judging.set(true);
            store.said.set("Your diagnosis is being judged.".into());
            link::act(Act::Diagnose(Box::new(answer.get_untracked())));
        }
    };
    let severities = move || store.brief.with(|b| b.form.severities.clone());
    let triggers = move || store.brief.with(|b| b.form.triggers.clone());
    let services = move || store.brief.with(|b| b.form.services.clone());
    let origins = move || store.brief.with(|b| form::groups(&b.form.origins));
    view! {
        <form class="panel diagnosis" aria-labelledby="diagnosis" on:submit=submit novalidate>
            <div class="head">
                <h2 id="diagnosis" tabindex="-1">"Diagnosis"</h2>
                <button type="button" class="quiet close" aria-label="Close the diagnosis" on:click=move |_| store.diagnosing.set(false)>"×"</button>
            </div>
            <p class="muted">"Say what it was. The clock goes on; submit when the service has recovered."</p>
            <div class="errors" role="alert" tabindex="-1" node_ref=summary class:some=move || !errors.with(Vec::is_empty)>
                {move || errors.get().into_iter().map(|(_, why)| view! { <p>{why}</p> }).collect::<Vec<_>>()}
            </div>
            <div class="field">
                <label for="origin">"Where did it start?"</label>
                <select
                    id="origin"
                    aria-invalid=move || error("origin").is_some().to_string()
                    on:change=move |event| answer.update(|a| a.origin = event_target_value(&event))
                >
                    <option value="">"Choose a component …"</option>
                    {move || origins().into_iter().map(|(group, members)| {
                        let options = members.into_iter().map(option).collect::<Vec<_>>();
                        if group.is_empty() { options.into_any() } else { view! { <optgroup label=group>{options}</optgroup> }.into_any() }
                    }).collect::<Vec<_>>()}
                </select>
            </div>
            <Mechanisms answer words wrong=Signal::derive(move || error("mechanism").is_some()) />
            <div class="field">
                <label for="trigger">"What set it off?"</label>
                <select id="trigger" on:change=move |event| answer.update(|a| a.trigger = some(event_target_value(&event)))>
                    <option value="">"Not said"</option>
                    {move || triggers().into_iter().map(option).collect::<Vec<_>>()}
                </select>
            </div>
            <div class="field">
                <label for="severity">"How bad was it?"</label>
                <select id="severity" on:change=move |event| answer.update(|a| a.severity = some(event_target_value(&event)))>
                    <option value="">"Not said"</option>
                    {move || severities().into_iter().map(option).collect::<Vec<_>>()}
                </select>
            </div>
            <div class="field">
                <label for="detail">"What exactly was changed or set? "<span class="muted">"(a path, key or commit)"</span></label>
                <input id="detail" autocomplete="off" spellcheck="false" on:input=move |event| answer.update(|a| a.detail = some(event_target_value(&event))) />
            </div>
            <details class="more-facts">
                <summary>"More facts "<span class="muted">"(each can earn points)"</span></summary>
                <div class="field">
                    <label for="service">"Which service was hurt?"</label>
                    <select id="service" on:change=move |event| answer.update(|a| a.service = some(event_target_value(&event)))>
                        <option value="">"Not said"</option>
                        {move || services().into_iter().map(option).collect::<Vec<_>>()}
                    </select>
                </div>
                <Text id="share" label="How many of its requests failed?" hint="in percent" set=move |text| answer.update(|a| a.share = text) />
                <Text id="since" label="Since when?" hint="-4m before the alert, or 03:03" set=move |text| answer.update(|a| a.since = text) />
                <Text id="onset" label="Since when has the cause been there?" hint="-21d before the alert, or a date" set=move |text| answer.update(|a| a.onset = text) />
                <Factors answer />
                <Text id="mitigation" label="What stopped the harm?" hint="in your words" set=move |text| answer.update(|a| a.mitigation = text) />
                <Text id="fix" label="What removed the cause?" hint="in your words" set=move |text| answer.update(|a| a.fix = text) />
            </details>
            <Confidence answer />
            <div class="buttons">
                <button type="submit" class="primary" aria-disabled=move || store.judging.get().to_string()>
                    {move || if store.judging.get() { "Judging …" } else { "Submit the diagnosis" }}
                </button>
                <GiveUp />
            </div>
        </form>
    }
    .into_any()
}

fn some(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn option(choice: Choice) -> impl IntoView {
    view! { <option value=choice.code>{choice.label}</option> }
}

/// A search by plain words over the closed vocabulary: a combobox with a list that is always open.
#[component]
fn Mechanisms(answer: RwSignal<Answer>, words: RwSignal<String>, wrong: Signal<bool>) -> impl IntoView {
    let store = store();
    let found = Memo::new(move |_| {
        store
            .brief
            .with(|b| words.with(|w| form::search(&b.form.mechanisms, w).into_iter().cloned().collect::<Vec<_>>()))
    });
    let at = RwSignal::new(None::<usize>);
    let chosen = move || answer.with(|a| a.mechanism.clone());
    let name = move || {
        let code = chosen();
        store
            .brief
            .with(|b| b.form.mechanisms.iter().find(|m| m.code == code).map(|m| format!("{} ({})", m.label, m.class)))
    };
    let choose = move |mechanism: &Mechanism| {
        answer.update(|a| a.mechanism.clone_from(&mechanism.code));
        store.said.set(format!("Chosen: {}", mechanism.label));
    };
    let keys = move |event: web_sys::KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        let here = at.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.set(Some(here.map_or(0, |n| (n + 1) % count))),
            "ArrowUp" if count > 0 => at.set(Some(here.map_or(count - 1, |n| (n + count - 1) % count))),
            "Enter" => {
                // Enter chooses; it must not submit a half-filled form.
                if let Some(mechanism) = found.with_untracked(|all| all.get(here.unwrap_or(0)).cloned()) {
                    choose(&mechanism);
                }
            }
            "Escape" => at.set(None),
            _ => return,
        }
        event.prevent_default();
        if let Some(n) = at.get_untracked()
            && let Some(row) = dom::by_id(&format!("mechanism-{n}"))
        {
            row.scroll_into_view_with_bool(false);
        }
    };
    view! {
        <div class="field">
            <label for="mechanism">"What went wrong? "<span class="muted">"Search in your own words."</span></label>
            <input
                id="mechanism"
                role="combobox"
                aria-expanded="true"
                aria-controls="mechanisms"
                aria-autocomplete="list"
                aria-activedescendant=move || at.get().map(|n| format!("mechanism-{n}"))
                aria-invalid=move || wrong.get().to_string()
                autocomplete="off"
                placeholder="what you would say to a colleague"
                on:input=move |event| {
                    words.set(event_target_value(&event));
                    at.set(None);
                }
                on:keydown=keys
            />
            <ul id="mechanisms" role="listbox" aria-label="Mechanisms" class="mechanisms">
                {move || found.get().into_iter().enumerate().map(|(n, mechanism)| {
                    let code = mechanism.code.clone();
                    let selected = move || answer.with(|a| a.mechanism == code);
                    let (label, class) = (mechanism.label.clone(), mechanism.class.clone());
                    view! {
                        <li
                            id=format!("mechanism-{n}")
                            role="option"
                            aria-selected=move || selected().to_string()
                            class:at=move || at.get() == Some(n)
                            on:click=move |_| choose(&mechanism)
                        >
                            <span>{label}</span>
                            <small class="muted">{class}</small>
                        </li>
                    }
                }).collect::<Vec<_>>()}
            </ul>
            <p class="chosen" class:none=move || chosen().is_empty()>
                {move || name().map_or("Nothing chosen yet.".to_owned(), |n| format!("Chosen: {n}"))}
            </p>
        </div>
    }
    .into_any()
}

/// One line of the player's own words.
#[component]
fn Text(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    set: impl Fn(Option<String>) + 'static,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}" "<span class="muted">{hint}</span></label>
            <input id=id autocomplete="off" spellcheck="false" on:input=move |event| set(some(event_target_value(&event))) />
        </div>
    }
    .into_any()
}

#[component]
fn Factors(answer: RwSignal<Answer>) -> impl IntoView {
    let store = store();
    let choices = move || store.brief.with(|b| b.form.factors.clone());
    let toggle = move |code: &str, on: bool| {
        answer.update(|a| {
            a.factors.retain(|f| f != code);
            if on {
                a.factors.push(code.to_owned());
            }
        });
    };
    view! {
        <fieldset class="factors">
            <legend>"What let it happen or made it worse?"</legend>
            <div class="list" role="group" aria-label="Contributing factors" tabindex="0">
                {move || choices().into_iter().map(|choice| {
                    let code = choice.code.clone();
                    view! {
                        <label>
                            <input type="checkbox" on:change=move |event| toggle(&code, event_target_checked(&event)) />
                            {choice.label}
                        </label>
                    }
                }).collect::<Vec<_>>()}
            </div>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Confidence(answer: RwSignal<Answer>) -> impl IntoView {
    let store = store();
    let choices = move || store.brief.with(|b| b.form.confidences.clone());
    view! {
        <fieldset class="confidence">
            <legend>"How sure are you? "<span class="muted">"Shown in the debrief, not scored."</span></legend>
            {move || choices().into_iter().map(|choice| {
                let code = choice.code.clone();
                view! {
                    <label>
                        <input type="radio" name="confidence" on:change=move |_| answer.update(|a| a.confidence = Some(code.clone())) />
                        {choice.label}
                    </label>
                }
            }).collect::<Vec<_>>()}
        </fieldset>
    }
    .into_any()
}

/// Giving up ends the incident, so it is asked once more.
#[component]
fn GiveUp() -> impl IntoView {
    let sure = RwSignal::new(false);
    view! {
        {move || if sure.get() {
            view! {
                <button type="button" class="danger" on:click=move |_| link::act(Act::GiveUp)>"Really give up"</button>
                <button type="button" on:click=move |_| sure.set(false)>"Go on"</button>
            }.into_any()
        } else {
            view! { <button type="button" class="quiet" on:click=move |_| sure.set(true)>"Give up"</button> }.into_any()
        }}
    }
    .into_any()
}
