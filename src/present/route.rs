//! Addresses: what stands behind the `#`. They carry a scenario's number, never its id.

/// A view with all that is needed to come back to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Inbox,
    Incident {
        number: String,
        seed: Option<u64>,
    },
}

impl Route {
    /// From a location's hash. What is not understood leads to the inbox.
    pub fn parse(hash: &str) -> Route {
        let path = hash.trim_start_matches('#').trim_start_matches('/');
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path.split_once('/') {
            Some(("i", number)) if is_number(number) => Route::Incident {
                number: number.to_owned(),
                seed: query.split('&').find_map(|pair| pair.strip_prefix("seed=")?.parse().ok()),
            },
            _ => Route::Inbox,
        }
    }

    pub fn hash(&self) -> String {
        match self {
            Route::Inbox => "#/".into(),
            Route::Incident { number, seed: None } => format!("#/i/{number}"),
            Route::Incident { number, seed: Some(seed) } => format!("#/i/{number}?seed={seed}"),
        }
    }
}

/// Letters, digits and dashes: a number becomes part of a file's address.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for hash in ["#/", "#/i/INC-4127", "#/i/INC-4127?seed=7"] {
            assert_eq!(Route::parse(hash).hash(), hash);
        }
        for odd in ["", "#", "#/nowhere", "#/i/", "#/i/../secret", "#/i/a b"] {
            assert_eq!(Route::parse(odd), Route::Inbox, "{odd}");
        }
    }
}
