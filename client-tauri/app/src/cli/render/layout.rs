//! Tables and captioned lines, aligned by the width that characters have on a terminal.

use std::fmt::Display;

use canbao_core::message::{Lang, render};
use comfy_table::{Cell, CellAlignment, Table as Grid, presets};

/// What stands where there is no value.
pub(super) const NONE: &str = "-";

/// The word of a caption in a language; `caption.` is put before the code.
pub(super) fn caption(code: &str, lang: Lang) -> String {
    render(&format!("caption.{code}"), &[], lang).message
}

/// A caption with something to put into it.
pub(super) fn caption_with(code: &str, args: &[(&str, String)], lang: Lang) -> String {
    render(&format!("caption.{code}"), args, lang).message
}

/// A column: its caption, and whether its values stand at the right, as amounts do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    caption: &'static str,
    right: bool,
}

/// A column of words.
pub(super) const fn words(caption: &'static str) -> Column {
    Column {
        caption,
        right: false,
    }
}

/// A column of amounts or numbers.
pub(super) const fn amounts(caption: &'static str) -> Column {
    Column {
        caption,
        right: true,
    }
}

/// A table with a header; without rows it says that there is nothing.
pub(super) fn table<R: IntoIterator<Item = String>>(
    lang: Lang,
    columns: &[Column],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let mut grid = plain_grid();
    grid.set_header(
        columns
            .iter()
            .map(|it| cell(&caption(it.caption, lang), it.right)),
    );
    for row in rows {
        let cells = row.into_iter().zip(columns);
        grid.add_row(cells.map(|(text, column)| cell(&text, column.right)));
    }
    if grid.is_empty() {
        return caption("nothing", lang);
    }
    grid.trim_fmt()
}

/// Captioned values, one a line; those without a value are left out.
#[derive(Debug)]
pub(super) struct Fields {
    lang: Lang,
    lines: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn new(lang: Lang) -> Self {
        Self {
            lang,
            lines: Vec::new(),
        }
    }

    /// One more line.
    pub(super) fn with(mut self, code: &str, value: impl Display) -> Self {
        let caption = caption(code, self.lang);
        self.lines.push((caption, value.to_string()));
        self
    }

    /// One more line where there is a value.
    pub(super) fn maybe(self, code: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(code, value),
            None => self,
        }
    }

    /// One more line where the count is not zero.
    pub(super) fn counted(self, code: &str, count: u64) -> Self {
        self.maybe(code, (count > 0).then_some(count))
    }

    pub(super) fn show(self) -> String {
        let mut grid = plain_grid();
        for (caption, value) in &self.lines {
            grid.add_row([cell(caption, false), cell(value, false)]);
        }
        grid.trim_fmt()
    }
}

/// Parts with an empty line between them; empty ones are left out.
pub(super) fn parts(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    parts.join("\n\n")
}

/// A caption above a block.
pub(super) fn titled(code: &str, lang: Lang, block: &str) -> String {
    format!("{}\n{block}", caption(code, lang))
}

/// A value, or the sign that there is none.
pub(super) fn or_none(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| NONE.to_owned())
}

/// Text of a peer as a terminal may show it: nothing that moves the cursor, starts a line or
/// turns the direction of writing.
pub(super) fn harmless(text: &str) -> String {
    let tamed = |it: char| match it {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if it.is_control() => '\u{fffd}',
        _ => it,
    };
    text.chars().map(tamed).collect()
}

fn plain_grid() -> Grid {
    let mut grid = Grid::new();
    grid.load_preset(presets::NOTHING);
    grid
}

fn cell(text: &str, right: bool) -> Cell {
    let alignment = if right {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    };
    Cell::new(harmless(text)).set_alignment(alignment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_the_width_of_the_characters() {
        let row = |name: &str, wage: &str| [name.to_owned(), wage.to_owned()];
        let shown = table(
            Lang::Zh,
            &[words("name"), amounts("wage")],
            [row("赵小满", "4359.00"), row("Ann", "12345.67")],
        );
        assert_eq!(
            shown,
            " 姓名        工资\n 赵小满   4359.00\n Ann     12345.67"
        );
    }

    #[test]
    fn a_table_without_rows_says_so() {
        let shown = table::<[String; 1]>(Lang::En, &[words("name")], []);
        assert_eq!(shown, "Nothing here");
    }

    #[test]
    fn captions_of_any_width_leave_the_values_in_one_column() {
        let shown = Fields::new(Lang::Zh)
            .with("name", "赵小满")
            .with("personal_number", "0042")
            .maybe("reason", None::<String>)
            .show();
        assert_eq!(shown, " 姓名      赵小满\n 个人编号  0042");
    }

    #[test]
    fn text_of_a_peer_cannot_steer_the_terminal() {
        assert_eq!(
            harmless("赵\u{1b}[2J\n\u{202e}满"),
            "赵\u{fffd}[2J\u{fffd}\u{fffd}满"
        );
    }
}
