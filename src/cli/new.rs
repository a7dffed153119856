//! `still new`: writes a recipe to begin with.

use super::out;
use crate::disk;
use crate::error::{Error, Kind, Result, unknown};
use crate::recipe::{TEMPLATES, Template};
use clap::Args;
use std::path::{Path, PathBuf};

/// Write a recipe to begin with: commented, complete, and quick on the built-in example data.
#[derive(Args)]
pub(super) struct New {
    /// Which one; see --list.
    #[arg(default_value = "train")]
    template: String,
    /// Where to; nothing is ever overwritten [default: TEMPLATE.rhai].
    file: Option<PathBuf>,
    /// List the templates.
    #[arg(long)]
    list: bool,
}

impl New {
    pub(super) fn run(self) -> Result<()> {
        if self.list {
            let width = TEMPLATES.iter().map(|own| own.name.len()).max().unwrap_or(0);
            for template in &TEMPLATES {
                out(&format!("{:<width$}  {}", template.name, template.title()));
            }
            return Ok(());
        }
        // `still new mine.rhai`: a file is meant, of the simplest template.
        let (name, file) = match (self.template.as_str(), self.file) {
            (file, None) if file.ends_with(".rhai") => (TEMPLATES[0].name, PathBuf::from(file)),
            (name, file) => (name, file.unwrap_or_else(|| PathBuf::from(format!("{name}.rhai")))),
        };
        // What is written would not be found again as a recipe.
        let ending = |path: &Path| path.extension().map(|own| own.to_string_lossy().to_string());
        let given =
            ending(Path::new(name)).filter(|_| !TEMPLATES.iter().any(|own| own.name == name));
        let wrong = match given {
            Some(_) => Some(PathBuf::from(name)),
            None if ending(&file).is_none_or(|own| own != "rhai") => Some(file.clone()),
            None => None,
        };
        if let Some(wrong) = wrong {
            let right = wrong.with_extension("rhai");
            return Err(Error::new(Kind::Usage, "still new", "a recipe's name ends with .rhai")
                .received(wrong.display().to_string())
                .hint(format!("still new {} {}", TEMPLATES[0].name, shown(&right))));
        }
        let template = named(name)?;
        if file.exists() {
            let error = Error::new(
                Kind::Usage,
                "still new",
                format!("{} is there already", file.display()),
            );
            return Err(error.hint(format!("name another file: still new {name} FILE")));
        }
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            disk::make_folder(folder)?;
        }
        disk::write_new(&file, template.text.as_bytes())?;
        out(&format!("{} is written; next: still run {}", file.display(), shown(&file)));
        Ok(())
    }
}

fn named(name: &str) -> Result<&'static Template> {
    static ALL: [Template; TEMPLATES.len()] = TEMPLATES;
    let known = TEMPLATES.map(|template| template.name);
    let found = ALL.iter().find(|template| template.name == name);
    found.ok_or_else(|| unknown("still new", "template", name, &known).as_kind(Kind::Usage))
}

/// As it must be typed.
fn shown(file: &Path) -> String {
    let text = file.display().to_string();
    if text.contains(char::is_whitespace) { format!("'{text}'") } else { text }
}
