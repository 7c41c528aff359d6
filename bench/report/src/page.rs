//! The page that explains the tables.

use std::path::Path;
use std::{fs, io};

/// Puts the tables of a command, as `make bench`, where the page keeps a place for them: between two comments that name the command.
pub fn write_into(page: &Path, command: &str, tables: &str) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    let text = with_tables(&text, command, tables).ok_or_else(|| {
        io::Error::other(format!(
            "{} has no place for the tables of {command}",
            page.display()
        ))
    })?;
    fs::write(page, text)
}

fn with_tables(text: &str, command: &str, tables: &str) -> Option<String> {
    let begin = format!("<!-- written by `{command}` -->");
    let end = format!("<!-- the end of what `{command}` writes -->");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!(
        "{before}{begin}\n\n{}\n\n{end}{after}",
        tables.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_its_own_place() {
        let page = "a <!-- written by `one` --> old <!-- the end of what `one` writes --> \
                    b <!-- written by `two` --> kept <!-- the end of what `two` writes --> c";
        let written = with_tables(page, "one", "new\n").unwrap();
        assert!(
            written.starts_with("a <!-- written by `one` -->\n\nnew\n\n<!-- the end"),
            "{written}"
        );
        assert!(written.ends_with("kept <!-- the end of what `two` writes --> c"));
        assert_eq!(with_tables(page, "three", "new"), None);
    }
}
