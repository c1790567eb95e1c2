//! From a csv, tsv or lines file to cells of text: rows of one width, and the names of the columns.

use super::{Several, Source, declared_columns};
use crate::error::{Problem, Problems};
use crate::suite::TableSpec;

/// A rectangle of cells. All texts lie one after the other in one string, so that a large file needs few
/// allocations.
pub(super) struct Cells {
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<usize>,
    /// Where each row starts in the file.
    starts: Vec<usize>,
}

impl Cells {
    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.starts.len()
    }

    /// Where a row starts in the file.
    pub(super) fn start(&self, row: usize) -> usize {
        self.starts[row]
    }

    /// The cells of a row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        let width = self.columns.len();
        let first = row * width;
        let mut from = if first == 0 { 0 } else { self.ends[first - 1] };
        self.ends[first..first + width].iter().map(move |end| {
            let cell = &self.text[from..*end];
            from = *end;
            cell
        })
    }
}

/// Reads comma-separated values as in RFC 4180; spaces belong to their cell.
pub(super) fn csv(source: &Source, spec: &TableSpec) -> Result<Cells, Problems> {
    let bytes = source.text.as_bytes();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = Rows::new(source, spec);
    rows.advice = "a cell that holds a comma stands in quotes";
    let mut record = csv::ByteRecord::new();
    let mut last = 0;
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(bytes.len());
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                // The reader stands before the line ends that it passes over.
                let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                last = start + blank;
                rows.push(last, record.iter().map(|cell| std::str::from_utf8(cell).unwrap_or_default()));
            }
            Ok(false) => break,
            Err(error) => return Err(source.problem(format!("cannot read the table: {error}")).into()),
        }
    }
    if has_open_quote(&source.text[last..]) {
        let problem =
            source.problem_at(last, "a quote is opened in the row that begins here and never closed");
        let advice = "a quote inside of quotes is written twice; `format = \"tsv\"` knows no quotes";
        return Err(problem.help(advice).into());
    }
    rows.finish()
}

/// Does the last row open a quote and never close it? The reader takes such a quote as closed by the end of the
/// file; here a row more is put behind it, and an open quote swallows that too.
fn has_open_quote(row: &str) -> bool {
    let row = row.trim_end_matches(['\r', '\n']);
    let and_more = format!("{row}\nx");
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(and_more.as_bytes());
    !row.is_empty() && reader.into_byte_records().count() == 1
}

/// Reads tab-separated values; a quote is a character like any other.
pub(super) fn tsv(source: &Source, spec: &TableSpec) -> Result<Cells, Problems> {
    let mut rows = Rows::new(source, spec);
    for (start, line) in source.lines() {
        rows.push(start, tabbed(line));
    }
    rows.finish()
}

/// The cells of a line. `split` looks for a character of any width, which takes twice as long on short cells.
fn tabbed(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.bytes().position(|byte| byte == b'\t') {
            Some(end) => {
                rest = Some(&text[end + 1..]);
                Some(&text[..end])
            }
            None => rest.take(),
        }
    })
}

/// Reads a text a line.
pub(super) fn lines(source: &Source, spec: &TableSpec) -> Result<Cells, Problems> {
    if let Some([_, second, ..]) = spec.columns.as_deref() {
        return Err(second.at.problem("a file of lines has one column").into());
    }
    let mut rows = Rows::new(source, spec);
    rows.columns.get_or_insert_with(|| vec!["line".to_owned()]);
    for (start, line) in source.lines().filter(|(_, line)| !line.trim().is_empty()) {
        rows.push(start, std::iter::once(line));
    }
    rows.finish()
}

/// Rows as they come, until they are all of one width.
struct Rows<'s, 't> {
    source: &'s Source<'t>,
    spec: &'s TableSpec,
    /// Declared, or of the first line once it was seen.
    columns: Option<Vec<String>>,
    text: String,
    ends: Vec<usize>,
    starts: Vec<usize>,
    ragged: Several,
    /// What to do about a row with too many cells.
    advice: &'static str,
    /// Mistakes in the header row.
    header: Vec<Problem>,
}

impl<'s, 't> Rows<'s, 't> {
    fn new(source: &'s Source<'t>, spec: &'s TableSpec) -> Self {
        Self {
            source,
            spec,
            columns: declared_columns(spec),
            text: String::with_capacity(source.text.len()),
            ends: Vec::new(),
            starts: Vec::new(),
            ragged: Several::default(),
            advice: "a tab separates cells, wherever it stands",
            header: Vec::new(),
        }
    }

    fn push<'c>(&mut self, start: usize, cells: impl Iterator<Item = &'c str>) {
        let Some(columns) = &self.columns else {
            let columns: Vec<String> = cells.map(str::to_owned).collect();
            self.header = wrong_header(self.source, start, &columns);
            self.columns = Some(columns);
            return;
        };
        let (texts, all) = (self.text.len(), self.ends.len());
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
        let found = self.ends.len() - all;
        if found == columns.len() {
            self.starts.push(start);
        } else {
            self.text.truncate(texts);
            self.ends.truncate(all);
            let wanted = columns.len();
            self.ragged.push(|| {
                let few = "every row needs all cells; an empty one is nothing between two separators";
                let advice = if found > wanted { self.advice } else { few };
                self.source.problem_at(start, ragged(self.spec, found, wanted)).help(advice)
            });
        }
    }

    fn finish(self) -> Result<Cells, Problems> {
        Problems(self.header).into_result()?;
        self.ragged.into_result(self.source)?;
        if self.starts.is_empty() {
            return Err(self.source.no_rows().into());
        }
        let cells = Cells {
            columns: self.columns.unwrap_or_default(),
            text: self.text,
            ends: self.ends,
            starts: self.starts,
        };
        match &self.spec.columns {
            Some(_) if cells.row(0).eq(cells.columns.iter().map(String::as_str)) => {
                let problem =
                    self.source.problem_at(cells.start(0), "the first row holds the names of the columns");
                Err(problem.help("leave `columns` out: it is for files without a header row").into())
            }
            _ => Ok(cells),
        }
    }
}

fn ragged(spec: &TableSpec, found: usize, wanted: usize) -> String {
    let cells = if found == 1 { "cell" } else { "cells" };
    let wanting = if spec.columns.is_some() { "`columns` names" } else { "the header row has" };
    format!("the row has {found} {cells}, but {wanting} {wanted}")
}

fn wrong_header(source: &Source, start: usize, columns: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let advice = "the first line names the columns; where the file has no header row, `columns` does";
    for (index, column) in columns.iter().enumerate() {
        let message = if column.trim().is_empty() {
            format!("column {} has no name", index + 1)
        } else if columns[..index].contains(column) {
            format!("the column `{column}` is there twice")
        } else if column.parse::<f64>().is_ok_and(f64::is_finite) {
            format!("`{column}` is not the name of a column but a value")
        } else {
            continue;
        };
        problems.push(source.problem_at(start, message).help(advice));
    }
    problems
}
