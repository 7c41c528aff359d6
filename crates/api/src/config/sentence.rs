//! What is wrong with a configuration, in one sentence.

/// One sentence from what figment says: what is wrong, with which key, and where it was found.
pub(super) fn readable(error: figment::Error) -> String {
    error
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let place = error
                .metadata
                .as_ref()
                .map_or_else(String::new, |metadata| {
                    match metadata
                        .source
                        .as_ref()
                        .and_then(figment::Source::file_path)
                    {
                        Some(file) => format!(" (in {})", file.display()),
                        None => format!(" (from {})", metadata.name),
                    }
                });
            match &error.kind {
                figment::error::Kind::UnknownField(field, _) => {
                    let key = if key.is_empty() { field } else { &key };
                    format!("there is no setting {key}{place}; see hubbub --help")
                }
                kind if key.is_empty() => format!("{}{place}", one_line(&kind.to_string())),
                kind => format!("{key}: {}{place}", one_line(&kind.to_string())),
            }
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// A text without the drawing of the faulty line that the TOML parser puts into the middle.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    match lines[..] {
        [] => String::new(),
        [only] => only.to_owned(),
        [first, .., last] => format!("{first}: {last}"),
    }
}
