//! Whom a message calls: `@username`, and `@all`.

use crate::ids::UserId;
use crate::user::Username;

/// How many people one message can call by name; further names are just words.
pub const MAX_MENTIONS: usize = 50;

/// Whom a message calls, as resolved when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// People called by name, each once.
    pub user_ids: Vec<UserId>,
    /// Whether everybody is called.
    pub all: bool,
}

impl Mentions {
    /// Whether nobody is called.
    pub fn is_empty(&self) -> bool {
        self.user_ids.is_empty() && !self.all
    }

    /// Whether that person is called.
    pub fn calls(&self, user: UserId) -> bool {
        self.all || self.user_ids.contains(&user)
    }
}

/// The names that a text calls, each once and at most [`MAX_MENTIONS`], and whether it calls `@all`. What stands in code, between
/// backticks, calls nobody, and neither does the `@` of a mail address.
pub fn mentioned_in(text: &str) -> (Vec<Username>, bool) {
    let (mut names, mut all) = (Vec::new(), false);
    for prose in outside_code(text) {
        let mut before = None;
        for (at, character) in prose.char_indices() {
            let opens_a_name = character == '@'
                && !before.is_some_and(|before: char| {
                    before.is_alphanumeric() || "._-@".contains(before)
                });
            before = Some(character);
            if !opens_a_name {
                continue;
            }
            let after = &prose[at + 1..];
            let word = after
                .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
                .map_or(after, |end| &after[..end]);
            // The full stop of a sentence is not the name's.
            let word = word.trim_end_matches(['.', '-']);
            if word.eq_ignore_ascii_case("all") {
                all = true;
            } else if let Ok(name) = Username::parse(word)
                && names.len() < MAX_MENTIONS
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    (names, all)
}

/// The parts of a text that are not code: what stands between equally long runs of backticks is.
fn outside_code(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('`') {
        let run = rest[open..].len() - rest[open..].trim_start_matches('`').len();
        let after = &rest[open + run..];
        let Some(close) = closing_run(after, run) else {
            parts.push(&rest[..open]);
            rest = after;
            continue;
        };
        parts.push(&rest[..open]);
        rest = &after[close + run..];
    }
    parts.push(rest);
    parts
}

/// Where in `text` a run of exactly `length` backticks begins.
fn closing_run(text: &str, length: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`').map(|at| from + at) {
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        if run == length {
            return Some(at);
        }
        from = at + run;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let (names, _) = mentioned_in(text);
        names.iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn names_are_found_where_people_write_them() {
        assert_eq!(names("@ada, see (@bob.k) and @Ada."), ["ada", "bob.k"]);
        assert_eq!(names("ask @ada-."), ["ada"]);
    }

    #[test]
    fn addresses_and_code_call_nobody() {
        assert_eq!(
            names("ada@example.org @@bob `@eve` ```\n@mallory\n```"),
            Vec::<String>::new()
        );
        assert_eq!(names("a ` alone @ada"), ["ada"]);
        assert_eq!(names("``a ` @eve`` @ada"), ["ada"]);
    }

    #[test]
    fn everybody_is_called_by_a_word_of_its_own() {
        assert!(mentioned_in("@all: lunch").1);
        assert!(mentioned_in("@ALL").1);
        assert!(!mentioned_in("@allison").1);
    }

    #[test]
    fn the_names_of_one_message_are_bounded() {
        let text: Vec<_> = (0..200).map(|n| format!("@user{n}")).collect();
        assert_eq!(names(&text.join(" ")).len(), MAX_MENTIONS);
    }
}
