use std::fmt;

/// What was found about one thing.
pub(super) struct Finding {
    subject: &'static str,
    grade: Grade,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Well,
    /// It works, and somebody should know.
    Note,
    Wrong,
}

impl Finding {
    pub(super) fn well(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(subject, Grade::Well, text)
    }

    pub(super) fn note(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(subject, Grade::Note, text)
    }

    pub(super) fn wrong(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(subject, Grade::Wrong, text)
    }

    fn new(subject: &'static str, grade: Grade, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            subject,
            grade,
            text,
        }
    }

    pub(super) fn is_wrong(&self) -> bool {
        self.grade == Grade::Wrong
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Well => "ok",
            Grade::Note => "note",
            Grade::Wrong => "WRONG",
        };
        writeln!(f, "  {grade:<6} {:<14} {}", self.subject, self.text)
    }
}
