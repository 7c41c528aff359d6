//! What text may be shown as a name: rules that names of people, conversations and devices share.

/// Trims the text and collapses runs of white space into single spaces, as people expect of a name on one line.
pub(crate) fn single_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character could make one name look like another or disturb the text around it: controls, zero-width
/// characters, and those that change the writing direction.
pub(crate) fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200B}'..='\u{200F}'     // zero width, direction marks
            | '\u{202A}'..='\u{202E}'   // direction embeddings and overrides
            | '\u{2060}'..='\u{206F}'   // word joiner, isolates, deprecated formatting
            | '\u{FEFF}'                // byte order mark
            | '\u{FFF9}'..='\u{FFFB}'   // interlinear annotation
            | '\u{E0000}'..='\u{E007F}' // tags
        )
}

/// A name on one line with `min` to `max` characters, or `None`.
pub(crate) fn name(text: &str, min: usize, max: usize) -> Option<String> {
    let name = single_line(text);
    let length = name.chars().count();
    ((min..=max).contains(&length) && !name.chars().any(is_deceptive)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_kept_on_one_line() {
        assert_eq!(
            name("  Ada \n Lovelace ", 1, 64).as_deref(),
            Some("Ada Lovelace")
        );
        assert_eq!(name("李小龙", 1, 3).as_deref(), Some("李小龙"));
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for deceptive in [
            "a\u{202E}b",
            "a\u{200B}b",
            "a\u{0}b",
            "\u{FEFF}a",
            "a\u{2066}b",
        ] {
            assert_eq!(name(deceptive, 1, 64), None, "{deceptive:?}");
        }
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert_eq!(name("四四四四", 1, 3), None);
        assert_eq!(name("   ", 1, 3), None);
    }
}
