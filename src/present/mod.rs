//! Pure view models: what the page shows, without a page.
