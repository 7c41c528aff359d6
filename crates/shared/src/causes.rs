use std::error::Error;
use std::fmt;

/// Shows an error with everything that caused it on one line: `outer: middle: inner`.
///
/// A cause that the text so far already ends with is not repeated, since many error types include their source in their own
/// text.
///
/// ```
/// # use hubbub_shared::Causes;
/// let error = std::io::Error::other("the disk is full");
/// assert_eq!(Causes(&error).to_string(), "the disk is full");
/// ```
pub struct Causes<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        write!(f, "{last}")?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.ends_with(&text) {
                write!(f, ": {text}")?;
                last = text;
            }
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|inner| inner as _)
        }
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (first, rest) = texts.split_first().expect("a layer at least");
        Layer(first, (!rest.is_empty()).then(|| Box::new(layers(rest))))
    }

    #[test]
    fn every_cause_is_shown_once_from_the_outside_in() {
        let error = layers(&["saving failed", "commit failed", "disk full"]);
        assert_eq!(
            Causes(&error).to_string(),
            "saving failed: commit failed: disk full"
        );
    }

    #[test]
    fn a_text_that_includes_its_cause_does_not_repeat_it() {
        let error = layers(&["commit failed: disk full", "disk full"]);
        assert_eq!(Causes(&error).to_string(), "commit failed: disk full");
    }
}
