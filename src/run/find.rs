//! How a user names a run, and where runs are looked for where no recipe says it.

use super::{HOME_VARIABLE, Home, Past, RUN_LOCK};
use crate::disk::Lock;
use crate::error::{Error, Kind, Result, nearest};
use std::path::{Path, PathBuf};

/// The word that means the newest run.
pub const LAST: &str = "last";
/// The folder of a home beside its recipes.
const BESIDE: &str = ".still";
/// So many names are told where several fit.
const TOLD: usize = 8;

/// The home for commands that are given no recipe: `given` on the command line, what the environment
/// says, `.still` in the folder `here`, or the only `.still` one level below it.
///
/// # Errors
/// A folder that is not there; no home, or several.
pub fn home(given: Option<PathBuf>, variable: Option<PathBuf>, here: &Path) -> Result<Home> {
    let at = |folder: PathBuf| Home::of(Path::new(""), Some(folder));
    if let Some(folder) = given {
        if folder.is_dir() {
            return Ok(at(folder));
        }
        let operation = format!("--home {}", folder.display());
        return Err(Error::new(Kind::Usage, operation, "no such folder")
            .hint("a home is the folder .still beside a recipe, with runs/ in it"));
    }
    if let Some(folder) = variable.filter(|folder| !folder.as_os_str().is_empty()) {
        return Ok(at(folder));
    }
    if here.join(BESIDE).is_dir() {
        return Ok(at(here.join(BESIDE)));
    }
    let below = below(here);
    match below.as_slice() {
        [only] => Ok(at(only.clone())),
        [] => Err(Error::new(
            Kind::Usage,
            "looking for runs",
            "no folder .still is here or one below",
        )
        .hint(format!("name one: --home scripts/.still, or {HOME_VARIABLE}=FOLDER"))),
        several => Err(Error::new(Kind::Usage, "looking for runs", "several folders have runs")
            .received(shown(several.iter().map(|path| path.display().to_string())))
            .hint("say which one: --home FOLDER")),
    }
}

/// The same for what may make a new home: where there is none, it is `.still` in the folder `here`.
///
/// # Errors
/// Several homes one level below.
pub fn new_home(given: Option<PathBuf>, variable: Option<PathBuf>, here: &Path) -> Result<Home> {
    let said = variable.as_ref().is_some_and(|folder| !folder.as_os_str().is_empty());
    match given {
        Some(folder) => Ok(Home::of(Path::new(""), Some(folder))),
        None if said || here.join(BESIDE).is_dir() || !below(here).is_empty() => {
            home(None, variable, here)
        }
        None => Ok(Home::of(Path::new(""), Some(here.join(BESIDE)))),
    }
}

/// Homes one level below a folder.
fn below(here: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(if here.as_os_str().is_empty() { Path::new(".") } else { here });
    let entries = read.into_iter().flatten().flatten();
    let mut below: Vec<PathBuf> = entries
        .map(|entry| here.join(entry.file_name()).join(BESIDE))
        .filter(|folder| folder.is_dir())
        .collect();
    below.sort();
    below
}

/// The folder of the run that `named` means: its name, a tag, `last`, how its name begins, a part of
/// it, or a path to its folder. `home` is asked only where it is needed.
///
/// # Errors
/// No such run, or several.
pub fn run(home: &dyn Fn() -> Result<Home>, named: &str) -> Result<PathBuf> {
    let path = Path::new(named);
    let is_path = path.components().count() > 1 || path.is_absolute() || named.ends_with('/');
    if is_path || named == "." {
        if Past::is_run(path) {
            return Ok(path.to_path_buf());
        }
        let problem = if path.exists() { "this is no folder of a run" } else { "no such folder" };
        return Err(Error::new(Kind::Usage, format!("run {named}"), problem)
            .hint("`still runs ls` lists the runs"));
    }
    let home = home()?;
    let folders = Past::folders(&home)?;
    let all: Vec<(String, &PathBuf)> = folders
        .iter()
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().to_string(), path)))
        .collect();
    let of = |fits: &dyn Fn(&str, &Path) -> bool| -> Vec<&(String, &PathBuf)> {
        all.iter().filter(|(name, path)| fits(name, path)).collect()
    };
    if all.is_empty() {
        return Err(Error::new(Kind::Usage, format!("run '{named}'"), "there are no runs yet")
            .received(home.path().display().to_string()));
    }
    let mut stages = vec![of(&|name, _| name == named)];
    if named == LAST {
        stages.push(all.last().into_iter().collect());
    }
    if stages.iter().all(Vec::is_empty) {
        stages.push(of(&|_, path| Past::tags_of(path).iter().any(|tag| tag == named)));
        if !named.is_empty() {
            stages.push(of(&|name, _| name.starts_with(named)));
            stages.push(of(&|name, _| name.contains(named)));
        }
    }
    match stages.into_iter().find(|found| !found.is_empty()).as_deref() {
        Some([(_, path)]) => Ok(path.to_path_buf()),
        Some(several) => {
            let names = several.iter().rev().map(|(name, _)| name.clone());
            Err(Error::new(Kind::Usage, format!("run '{named}'"), "several runs are meant")
                .received(shown(names))
                .hint("give more of the name, or `last` for the newest"))
        }
        None => Err(unknown(named, &all)),
    }
}

/// The folders of the runs that `named` means: all that have it as a tag, the oldest first, or else the one of [`run`].
///
/// # Errors
/// No such run, or several that do not have it as a tag.
pub fn runs(home: &dyn Fn() -> Result<Home>, named: &str) -> Result<Vec<PathBuf>> {
    let is_word = Path::new(named).components().count() == 1 && !named.ends_with('/');
    let folders = match (is_word, named) {
        (false, _) | (_, "." | LAST) => Vec::new(),
        (true, _) => Past::folders(&home()?)?,
    };
    let is_name = |path: &PathBuf| path.file_name().is_some_and(|name| *name == *named);
    let has_tag = |path: &PathBuf| Past::tags_of(path).iter().any(|tag| tag == named);
    let tagged: Vec<PathBuf> = folders.iter().filter(|path| has_tag(path)).cloned().collect();
    if tagged.is_empty() || folders.iter().any(is_name) {
        return run(home, named).map(|path| vec![path]);
    }
    Ok(tagged)
}

/// The folder of the newest run that is running, or else of the newest one.
///
/// # Errors
/// No run yet.
pub fn newest(home: &Home) -> Result<PathBuf> {
    let folders = Past::folders(home)?;
    let lives = folders.iter().rev().find(|folder| Lock::held(&folder.join(RUN_LOCK)));
    lives.or(folders.last()).cloned().ok_or_else(|| {
        Error::new(Kind::Usage, "looking for a run", "there are no runs yet")
            .received(home.path().display().to_string())
            .hint("begin one in another terminal: still run RECIPE.rhai")
    })
}

/// The error for a name that fits no run: names of runs that are near, else the newest ones.
fn unknown(named: &str, all: &[(String, &PathBuf)]) -> Error {
    // People leave the time out, and mistype what comes after it.
    let short = |name: &str| name.splitn(3, '_').nth(2).unwrap_or(name).to_string();
    let shorts: Vec<String> = all.iter().map(|(name, _)| short(name)).collect();
    let error = Error::new(Kind::Usage, format!("run '{named}'"), "no run has this name or tag");
    let full = nearest(named, all.iter().map(|(name, _)| name.as_str()));
    let near = nearest(&short(named), shorts.iter().map(String::as_str));
    let matching = all.iter().rev().filter(|(name, _)| Some(short(name).as_str()) == near);
    match (full, near) {
        (Some(name), _) => error.hint(format!("did you mean '{name}'?")),
        (None, Some(_)) => {
            error.hint(format!("near: {}", shown(matching.map(|(name, _)| name.clone()))))
        }
        _ => error.hint(format!("the newest: {}", shown(all.iter().rev().map(|(n, _)| n.clone())))),
    }
}

/// The first of these names, and how many there are more.
fn shown(names: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = names.collect();
    let first = all.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(TOLD) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
