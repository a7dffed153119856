//! The book and the README: recipes are run, commands too, and what stands after them is what comes.
//!
//! A `rhai` block is evaluated; if its value is a bool, it must be true. `rhai,file=NAME` puts the block
//! into a file, `rhai,norun` only has to compile. Each line of an `sh` block that begins with `still ` is
//! run in a folder of the page's own and must end well, or with the code that `sh,fails=CODE` names. All
//! lines of a `text` block right after must stand in what was printed.

use crate::script::host::{evaluate, plain_engine};
use crate::support::{Ran, Sandbox, root};
use std::path::PathBuf;

struct Block {
    info: String,
    text: String,
    /// Whether another block stands before this one under the same heading.
    follows: bool,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = None::<Block>;
    let mut since_heading = false;
    for line in page.lines() {
        match &mut open {
            None => {
                if let Some(info) = line.strip_prefix("```") {
                    open = Some(Block {
                        info: info.into(),
                        text: String::new(),
                        follows: since_heading,
                    });
                } else if line.starts_with('#') {
                    since_heading = false;
                }
            }
            Some(_) if line == "```" => {
                blocks.extend(open.take());
                since_heading = true;
            }
            Some(block) => block.text.push_str(&format!("{line}\n")),
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

fn run_page(name: &str, page: &str) {
    let sandbox = Sandbox::new();
    let mut printed = None::<String>;
    for block in blocks(page) {
        let mut words = block.info.split(',');
        let (language, option) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        match (language, option.split_once('=')) {
            ("rhai", Some(("file", file))) => drop(sandbox.write(file, &block.text)),
            ("rhai", None) if option == "norun" => {
                let compiled = plain_engine().compile(&block.text);
                compiled.unwrap_or_else(|cause| panic!("{name}: {cause}\n{}", block.text));
            }
            ("rhai", _) => {
                let value = evaluate(&block.text).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(value.as_bool() != Ok(false), "{name}: {} is false", block.text);
            }
            ("sh", option) => {
                let code = option.map_or(0, |(_, code)| code.parse().expect("a code"));
                printed = Some(run_lines(name, &sandbox, &block.text, code));
            }
            ("text", _) => {
                if let (Some(printed), true) = (printed.take(), block.follows) {
                    for line in block.text.lines() {
                        assert!(
                            printed.contains(line),
                            "{name}: nobody printed\n{line}\nbut\n{printed}"
                        );
                    }
                }
            }
            ("json", _) => {
                drop(serde_json::from_str::<serde_json::Value>(&block.text).expect(name))
            }
            // Settings of editors, which read them.
            ("lua" | "toml", _) => {}
            _ => panic!("{name}: what is a block '{}'?", block.info),
        }
    }
}

/// The words of a command; what stands in single quotes is one word.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace()),
            _ => words.push(part),
        }
    }
    words
}

fn run_lines(name: &str, sandbox: &Sandbox, text: &str, code: i32) -> String {
    let mut printed = String::new();
    for line in text.lines() {
        let words = words(line);
        assert_eq!(words.first(), Some(&"still"), "{name}: {line}");
        let Ran { code: found, out, err } = sandbox.still(&words[1..]);
        assert_eq!(found, code, "{name}: {line}\n{out}\n{err}");
        printed.push_str(&format!("{out}\n{err}\n"));
    }
    printed
}

fn pages(folder: PathBuf, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the book").flatten() {
        let path = entry.path();
        // The examples of the reference are run with the bindings.
        if path.is_dir() && !path.ends_with("reference") {
            pages(path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_block_of_the_book_and_the_readme() {
    let mut all = ["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)).to_vec();
    pages(root().join("docs/src"), &mut all);
    for page in all {
        let text = std::fs::read_to_string(&page).expect("a page");
        run_page(&page.display().to_string(), &text);
    }
}

#[test]
fn the_summary_lists_every_page() {
    let mut all = Vec::new();
    pages(root().join("docs/src"), &mut all);
    let summary = std::fs::read_to_string(root().join("docs/src/SUMMARY.md")).expect("a summary");
    for page in all {
        let name =
            page.strip_prefix(root().join("docs/src")).expect("a page").display().to_string();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("({name})")),
            "{name} is not listed"
        );
    }
}

#[test]
fn links_lead_to_files() {
    let mut all =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)).to_vec();
    pages(root().join("docs/src"), &mut all);
    for page in all {
        let text = std::fs::read_to_string(&page).expect("a page");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let found =
                file.starts_with("http") || page.parent().expect("a folder").join(file).is_file();
            assert!(found, "{}: {target} leads nowhere", page.display());
        }
    }
}

#[test]
fn the_readme_shows_the_quickstart_as_it_is() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let script =
        std::fs::read_to_string(root().join("scripts/quickstart.rhai")).expect("the script");
    assert!(readme.contains(&script), "README.md shows another quickstart");
}
