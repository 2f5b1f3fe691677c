//! Briefs and debriefs: Markdown's parts as elements. There is no HTML in between.

use leptos::prelude::*;

use crate::present::markdown::{self, Bit, Part};

#[component]
pub(super) fn Prose(text: String) -> impl IntoView {
    let parts = markdown::parse(&text).into_iter().map(part).collect::<Vec<_>>();
    view! { <div class="prose">{parts}</div> }.into_any()
}

fn part(part: Part) -> AnyView {
    match part {
        Part::Heading(text) => view! { <h3>{bits(text)}</h3> }.into_any(),
        Part::Paragraph(text) => view! { <p>{bits(text)}</p> }.into_any(),
        Part::List(items) => {
            let items = items.into_iter().map(|item| view! { <li>{bits(item)}</li> }).collect::<Vec<_>>();
            view! { <ul>{items}</ul> }.into_any()
        }
        Part::Code(code) => view! { <pre>{code}</pre> }.into_any(),
    }
}

fn bits(bits: Vec<Bit>) -> Vec<AnyView> {
    bits.into_iter()
        .map(|bit| match bit {
            Bit::Text(text) => text.into_any(),
            Bit::Code(code) => view! { <code>{code}</code> }.into_any(),
            Bit::Strong(text) => view! { <strong>{text}</strong> }.into_any(),
        })
        .collect()
}
