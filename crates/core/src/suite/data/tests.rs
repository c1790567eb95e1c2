//! Data files as bytes, and the tables that are read from them or what is said about them.

use std::fs;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::infer::Column;
use super::*;
use crate::error::SourceFile;
use crate::suite::Suite;
use crate::suite::parse::{Origin, merge, read_part};

/// Reads `content` as data/`name`, the file of the table that `keys` describe; mistakes as text.
fn load(name: &str, content: &[u8], keys: &str) -> Result<Table, String> {
    let text = format!("[data.t]\nfile = \"data/{name}\"\n{keys}\n");
    let file = Arc::new(SourceFile { path: "models/x.toml".into(), text });
    let (part, problems) = read_part(&file, None);
    assert!(problems.is_empty(), "{}", Problems(problems));
    let origin = Origin { name: "x".into(), path: "x".into(), root: ".".into(), members: Vec::new() };
    let (module, _) = merge(origin, vec![part], true);
    table(format!("data/{name}").into(), content, &module.tables[0]).map_err(|problems| problems.to_string())
}

fn rows(name: &str, content: &str, keys: &str) -> Vec<Value> {
    let table = load(name, content.as_bytes(), keys).unwrap_or_else(|problems| panic!("{problems}"));
    table.rows.into_iter().map(Value::Array).collect()
}

fn wrong(name: &str, content: &str, keys: &str) -> String {
    load(name, content.as_bytes(), keys).expect_err("there should be a mistake")
}

#[test]
fn a_header_row_names_the_columns_and_types_follow_the_cells() {
    let content = "language,page_title,page_id,score,ok\nen,Toni Morrison,736,1,true\nde,\"a, \"\"b\"\"\nc\",12,0.5,false\n";
    let table = load("articles.csv", content.as_bytes(), "").unwrap();
    assert_eq!(table.columns, ["language", "page_title", "page_id", "score", "ok"]);
    assert_eq!(
        table.rows,
        [
            vec![json!("en"), json!("Toni Morrison"), json!(736), json!(1.0), json!(true)],
            vec![json!("de"), json!("a, \"b\"\nc"), json!(12), json!(0.5), json!(false)],
        ]
    );
}

#[test]
fn columns_names_the_columns_of_a_file_without_header_row() {
    let keys = "columns = [\"lang\", \"rev_id\"]";
    assert_eq!(rows("r.tsv", "en\t123\nnan\t456", keys), [json!(["en", 123]), json!(["nan", 456])]);
    assert_eq!(rows("r.tsv", "1234\n5678\n", "columns = [\"rev_id\"]"), [json!([1234]), json!([5678])]);
}

#[test]
fn texts_that_look_like_numbers_stay_text_where_their_column_is_text() {
    assert_eq!(
        rows("t.csv", "title,lang\n1984,nan\nDune,en\n", ""),
        [json!(["1984", "nan"]), json!(["Dune", "en"])]
    );
    for text in [
        "nan", "NaN", "inf", "-inf", "infinity", "0x10", "1_000", "007", "+5", "1.", ".5", "-0", "1e999",
        " 1",
    ] {
        assert_eq!(rows("t.csv", &format!("a,b\n{text},x\n"), ""), [json!([text, "x"])], "{text}");
    }
    // Identifiers that neither 64 bits nor a float can hold exactly.
    assert_eq!(rows("t.csv", "id\n99999999999999999999\n", ""), [json!(["99999999999999999999"])]);
    assert_eq!(
        rows("t.csv", "id\n9007199254740993\n0.5\n", ""),
        [json!(["9007199254740993"]), json!(["0.5"])]
    );
    assert_eq!(rows("t.csv", "flag\nTrue\nfalse\n", ""), [json!(["True"]), json!(["false"])]);
}

#[test]
fn line_ends_byte_order_marks_and_blank_lines_do_not_matter() {
    let expected = [json!(["en", 1]), json!(["de", 2])];
    for (name, separator) in [("t.csv", ","), ("t.tsv", "\t")] {
        for end in ["\n", "\r\n"] {
            for last in ["", end] {
                let content = format!("lang,id{end}en,1{end}{end}de,2{last}").replace(',', separator);
                assert_eq!(rows(name, &content, ""), expected, "{content:?}");
                assert_eq!(rows(name, &format!("\u{feff}{content}"), ""), expected, "{content:?}");
            }
        }
    }
}

#[test]
fn quotes_are_plain_characters_in_tsv() {
    assert_eq!(rows("t.tsv", "a\tb\n\"x\t5\" disk\n", ""), [json!(["\"x", "5\" disk"])]);
}

#[test]
fn lines_are_one_column() {
    assert_eq!(rows("q.txt", "who?\n\n  \n what, then?\r\n", ""), [json!(["who?"]), json!([" what, then?"])]);
    assert_eq!(load("q.lines", b"a", "columns = [\"question\"]").unwrap().columns, ["question"]);
    insta::assert_snapshot!(wrong("q.txt", "a\n", "columns = [\"a\", \"b\"]"), @r#"
    error: models/x.toml:3:17: a file of lines has one column
      3 | columns = ["a", "b"]
        |                 ^^^
    "#);
}

#[test]
fn objects_keep_their_own_types() {
    assert_eq!(
        rows("o.jsonl", "{\"a\": 1, \"b\": \"1\"}\n\n{\"b\": null, \"a\": [2.5]}\n", ""),
        [json!([1, "1"]), json!([[2.5], null])]
    );
    assert_eq!(
        rows("o.jsonl", "{\"a\": 1, \"c\": 2}\n{\"a\": 3}\n", "columns = [\"a\"]\ntypes = { a = \"text\" }"),
        [json!(["1"]), json!(["3"])]
    );
}

#[test]
fn types_go_before_what_the_cells_look_like() {
    let keys = "types = { id = \"text\", n = \"float\", m = \"integer\" }";
    assert_eq!(
        rows("t.csv", "id,n,m\n007,1,+08\n12,2,9\n", keys),
        [json!(["007", 1.0, 8]), json!(["12", 2.0, 9])]
    );
    insta::assert_snapshot!(
        wrong("t.csv", "id,n,m\nx,1,1\n\"a\nb\",nan,\ny,2,3.5\n", "types = { n = \"float\", m = \"integer\" }"), @r"
    error: data/t.csv:3: `nan` in column `n` is not a finite number
      hint: `types` says that `n` holds floats

    error: data/t.csv:3: an empty cell in column `m` is not a whole number of 64 bits
      hint: `types` says that `m` holds integers

    error: data/t.csv:5: `3.5` in column `m` is not a whole number of 64 bits
      hint: `types` says that `m` holds integers
    ");
    insta::assert_snapshot!(wrong("t.csv", "page_id\n1\n", "types = { pageid = \"integer\", x = \"text\" }"), @r#"
    error: models/x.toml:3:11: no column `pageid` in the data file; it has: page_id
      3 | types = { pageid = "integer", x = "text" }
        |           ^^^^^^
      hint: did you mean `page_id`?

    error: models/x.toml:3:31: no column `x` in the data file; it has: page_id
      3 | types = { pageid = "integer", x = "text" }
        |                               ^
    "#);
    insta::assert_snapshot!(wrong("o.jsonl", "{\"a\": 1.5}\n", "types = { a = \"integer\" }"), @r"
    error: data/o.jsonl:1: `1.5` in column `a` is not a whole number of 64 bits
      hint: `types` says what `a` holds
    ");
}

#[test]
fn a_ragged_file_names_the_lines() {
    insta::assert_snapshot!(wrong("t.csv", "lang,title\r\nen,a\r\nen,b,c\r\n\r\n\"d\ne\"\r\n", ""), @r"
    error: data/t.csv:3: the row has 3 cells, but the header row has 2
      hint: a cell that holds a comma stands in quotes

    error: data/t.csv:5: the row has 1 cell, but the header row has 2
      hint: every row needs all cells; an empty one is nothing between two separators
    ");
    insta::assert_snapshot!(wrong("t.tsv", "en\t1\t2\n", "columns = [\"lang\", \"rev_id\"]"), @r"
    error: data/t.tsv:1: the row has 3 cells, but `columns` names 2
      hint: a tab separates cells, wherever it stands
    ");
    let many = format!("a,b\n{}", "1\n".repeat(1000));
    assert!(wrong("t.csv", &many, "").ends_with("error: data/t.csv: and 995 more mistakes like these"));
}

#[test]
fn an_empty_file_and_a_header_row_alone_are_mistakes() {
    insta::assert_snapshot!(wrong("t.csv", "", ""), @"error: data/t.csv: the file is empty");
    insta::assert_snapshot!(wrong("t.tsv", "a\tb\n", ""), @r"
    error: data/t.tsv: the file has a header row and no other rows
      hint: name the columns with `columns` where the first line is a row like the others
    ");
    insta::assert_snapshot!(wrong("t.jsonl", "\n", ""), @"error: data/t.jsonl: the file is empty");
    insta::assert_snapshot!(wrong("t.txt", "\n \n", ""), @"error: data/t.txt: the file is empty");
}

#[test]
fn a_header_row_needs_names_and_each_once() {
    insta::assert_snapshot!(wrong("t.csv", "a,,a\n1,2,3\n", ""), @r"
    error: data/t.csv:1: column 2 has no name
      hint: the first line names the columns; where the file has no header row, `columns` does

    error: data/t.csv:1: the column `a` is there twice
      hint: the first line names the columns; where the file has no header row, `columns` does
    ");
    insta::assert_snapshot!(wrong("t.tsv", "12345\n12346\n", ""), @r"
    error: data/t.tsv:1: `12345` is not the name of a column but a value
      hint: the first line names the columns; where the file has no header row, `columns` does
    ");
    insta::assert_snapshot!(wrong("t.tsv", "lang\trev_id\nen\t1\n", "columns = [\"lang\", \"rev_id\"]"), @r"
    error: data/t.tsv:1: the first row holds the names of the columns
      hint: leave `columns` out: it is for files without a header row
    ");
}

#[test]
fn an_empty_cell_among_numbers_is_a_mistake() {
    insta::assert_snapshot!(wrong("t.csv", "title,page_id\na,1\nb,\n", ""), @r#"
    error: data/t.csv:3: the cell in column `page_id` is empty; the others hold integers
      hint: fill it in or take the row out; types = { "page_id" = "text" } makes the column text
    "#);
    assert_eq!(
        rows("t.csv", "title,page_id\na,1\n,\n", "types = { page_id = \"text\" }"),
        [json!(["a", "1"]), json!(["", ""])]
    );
    assert_eq!(rows("t.csv", "a,b\nx,\n", ""), [json!(["x", ""])]);
}

#[test]
fn bytes_that_are_not_utf8_and_open_quotes_name_their_line() {
    insta::assert_snapshot!(load("t.csv", b"a\nb\nc\xff\n", "").unwrap_err(), @r"
    error: data/t.csv:3: the text is not UTF-8
      hint: save the file as UTF-8
    ");
    insta::assert_snapshot!(wrong("t.csv", "a\nb\n\"c\nd\ne\n", ""), @r#"
    error: data/t.csv:3: a quote is opened in the row that begins here and never closed
      hint: a quote inside of quotes is written twice; `format = "tsv"` knows no quotes
    "#);
}

#[test]
fn an_open_quote_in_the_last_row_is_told_and_a_quote_within_a_cell_is_none() {
    for text in ["v\n\"open\n", "v\n\"open", "v,w\r\n1,\"open\r\n", "v\n\"open\n\n\n", "v\n\"\n"] {
        let said = wrong("t.csv", text, "");
        assert!(said.starts_with("error: data/t.csv:2: a quote is opened in the row"), "{text:?}: {said}");
    }
    for text in
        ["v\n5\" pipe\n", "v\n5\"", "v\n\"a\nb\"\n", "v\n\"a\n\"\n\n", "v\n\"a\"\"\"", "v,w\n5\",\"x\"\n"]
    {
        assert_eq!(rows("t.csv", text, "").len(), 1, "{text:?}");
    }
}

#[test]
fn objects_with_mistakes_name_their_line() {
    insta::assert_snapshot!(wrong("t.jsonl", "{\"a\": 1}\n[1]\n{\"a\": }\n", ""), @r#"
    error: data/t.jsonl:2: the line is not a JSON object
      hint: each line is an object such as {"lang": "en", "rev_id": 12345}, whose keys are the columns

    error: data/t.jsonl:3: the line is not valid JSON: expected value, in column 7
    "#);
    insta::assert_snapshot!(wrong("t.jsonl", "{\"a\": 1}\n{\"b\": 1}\n{\"a\": 1, \"b\": 2}\n", ""), @r"
    error: data/t.jsonl:2: the key `a` is missing
      hint: every line needs it; `columns` names those that are read

    error: data/t.jsonl:3: the key `b` is not in the first line
      hint: `columns` names the keys that are read where lines have different ones
    ");
}

#[test]
fn a_file_that_is_not_there_is_told_where_it_is_named() {
    let root = TempDir::new().unwrap();
    fs::create_dir_all(root.path().join("models")).unwrap();
    fs::create_dir_all(root.path().join("data/folder.csv")).unwrap();
    fs::write(root.path().join("data/articles.csv"), "a\n1\n").unwrap();
    let text = "[data.a]\nfile = \"data/article.csv\"\n[data.b]\nfile = \"data/folder.csv\"\n\
                [data.c]\nfile = \"nowhere/at/all.csv\"\n[[user]]\nclass = \"A\"\nget = \"/\"\n";
    fs::write(root.path().join("models/x.toml"), text).unwrap();
    let module = Suite::open(&root.path().join("models")).unwrap().load("x").unwrap();
    let mistakes: Vec<String> =
        module.tables.iter().map(|table| load_table(&module, table).unwrap_err().to_string()).collect();
    let mistakes = mistakes.join("\n").replace(&format!("{}/", root.path().display()), "");
    insta::assert_snapshot!(mistakes, @r#"
    error: models/x.toml:2:8: cannot read the data file `data/article.csv`: No such file or directory (os error 2)
      2 | file = "data/article.csv"
        |        ^^^^^^^^^^^^^^^^^^
      hint: did you mean `articles.csv` in the same folder?
    error: models/x.toml:4:8: cannot read the data file `data/folder.csv`: it is a folder
      4 | file = "data/folder.csv"
        |        ^^^^^^^^^^^^^^^^^
    error: models/x.toml:6:8: cannot read the data file `nowhere/at/all.csv`: No such file or directory (os error 2)
      6 | file = "nowhere/at/all.csv"
        |        ^^^^^^^^^^^^^^^^^^^^
      hint: paths are relative to the folder that holds the folder of modules
    "#);
}

#[test]
fn the_digest_is_that_of_the_bytes_in_the_file() {
    // SHA-256 of "a\n1\n", by sha256sum.
    let digest = load("t.csv", b"a\n1\n", "").unwrap().digest;
    assert_eq!(digest, "309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc");
}

fn kind_of(cells: &[String]) -> ColumnType {
    let mut column = Column::default();
    cells.iter().enumerate().for_each(|(row, cell)| column.observe(cell, row));
    column.kind()
}

/// Cells that are often of one type.
fn cells() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        proptest::collection::vec(any::<i64>().prop_map(|number| number.to_string()), 1..6),
        proptest::collection::vec(any::<f64>().prop_map(|number| number.to_string()), 1..6),
        proptest::collection::vec("-?[0-9.eE+]{1,8}", 1..6),
        proptest::collection::vec("true|false", 1..6),
        proptest::collection::vec("[^\\r\\n\\t\"\u{feff}]{1,8}", 1..6),
    ]
}

proptest! {
    #[test]
    fn integers_of_64_bits_are_integers_and_written_back_the_same(numbers in proptest::collection::vec(any::<i64>(), 1..9)) {
        let cells: Vec<String> = numbers.iter().map(i64::to_string).collect();
        prop_assert_eq!(kind_of(&cells), ColumnType::Integer);
        let content = format!("n\n{}\n", cells.join("\n"));
        let read: Vec<Value> = numbers.into_iter().map(|number| json!([number])).collect();
        prop_assert_eq!(rows("n.csv", &content, ""), read);
    }

    #[test]
    fn one_text_makes_a_column_text(cells in cells(), at: proptest::sample::Index, text in "[a-z ]{2,9}x") {
        let mut cells = cells;
        cells.insert(at.index(cells.len() + 1), text);
        prop_assert_eq!(kind_of(&cells), ColumnType::Text);
    }

    #[test]
    fn the_order_of_the_cells_does_not_change_the_type(cells in cells()) {
        let mut reversed = cells.clone();
        reversed.reverse();
        prop_assert_eq!(kind_of(&cells), kind_of(&reversed));
    }

    #[test]
    fn cells_of_an_inferred_type_are_read_as_it_and_texts_unchanged(cells in cells()) {
        prop_assume!(cells.iter().all(|cell| !cell.trim().is_empty()));
        let kind = kind_of(&cells);
        for (cell, row) in cells.iter().zip(rows("c.tsv", &cells.join("\n"), "columns = [\"c\"]")) {
            let fits = match kind {
                ColumnType::Float => row[0].as_f64() == cell.parse().ok(),
                ColumnType::Integer | ColumnType::Boolean => row[0] == serde_json::from_str::<Value>(cell).unwrap(),
                ColumnType::Text => row[0] == json!(cell),
            };
            prop_assert!(fits, "{cell} {row}");
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(content: Vec<u8>, text in "[a,\"\\t\\r\\n1{}:\\[]{0,40}", format in 0_usize..4) {
        let name = ["t.csv", "t.tsv", "t.jsonl", "t.txt"][format];
        let _ = (load(name, &content, ""), load(name, text.as_bytes(), ""), load(name, text.as_bytes(), "columns = [\"a\"]"));
    }
}
