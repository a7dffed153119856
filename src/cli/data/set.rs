//! Which data set a command means: a folder whose layout is known by what is in it, or an expression of a recipe.

use crate::cli::arguments::Arguments;
use crate::cli::note;
use crate::cli::signals::catch_signals;
use crate::data::{Caches, Dataset, FrontEnd, layout_of};
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Given, Granted};
use crate::run::Home;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The set in a folder, where its layout is known by what is in it, or that an expression names. Whoever names the
/// folder lets it be read; what else may be is `granted`.
///
/// # Errors
/// As of its reader.
pub(in crate::cli) fn set_named(
    place: &Path,
    granted: Granted,
    stop: &Arc<AtomicBool>,
) -> Result<Option<Arc<Dataset>>> {
    let mut given = Given { granted, ..Given::default() };
    let named = place.display().to_string();
    let text = match place.is_dir() {
        false if named.starts_with("dataset::") => named,
        false => return Ok(None),
        true => {
            let Some(layout) = layout_of(place) else { return Ok(None) };
            given.granted.add_root(place)?;
            format!("dataset::{layout}({named:?})")
        }
    };
    Ok(recipe::eval("<data>", &text, &given, stop, Box::new(note))?.dataset())
}

#[derive(Args)]
pub(super) struct Set {
    /// A folder in a published layout (ESC-50, FSD50K, AudioSet, Speech Commands, UrbanSound8K) or with a folder a
    /// class; or an expression of a recipe: 'dataset::csv("clips.csv", #{ label: "kind" })'.
    #[arg(value_name = "FOLDER|EXPR")]
    set: String,
    /// Options of the reader, e.g. '{"fold": 1}', where a folder is given.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    options: String,
    #[command(flatten)]
    arguments: Arguments,
}

/// A set that was opened.
pub(super) struct Opened {
    pub data: Arc<Dataset>,
    pub caches: Caches,
    pub stop: Arc<AtomicBool>,
}

impl Opened {
    /// Whether the user wants an end.
    pub fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Set {
    /// Opens it; `more` are options that a folder's reader gets besides.
    pub fn open(&self, more: &str) -> Result<Opened> {
        let mut given = self.arguments.given()?;
        let text = match Path::new(&self.set).exists() {
            true => self.reader(&mut given, more)?,
            // An expression calls something.
            false if !self.set.contains('(') => {
                return Err(Error::new(Kind::Usage, "still data", "there is no such folder")
                    .expected("a folder, or an expression such as dataset::folders(\"clips\")")
                    .received(self.set.clone()));
            }
            false => self.set.clone(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop, &Arc::default())?;
        let value = recipe::eval("<data>", &text, &given, &stop, Box::new(note))?;
        let data = value.dataset().ok_or_else(|| {
            Error::new(Kind::Usage, "still data", "this is no data set")
                .expected("a folder, or an expression such as dataset::folders(\"clips\")")
                .received(self.set.clone())
                .hint("a path counts from the current folder")
        })?;
        let home = given.home.clone();
        let home = Home::of(Path::new(""), home.or_else(|| Some(PathBuf::from(".still"))));
        Ok(Opened { data, caches: home.caches_read(), stop })
    }

    /// The front end that an expression gives.
    pub fn front_end(&self, text: &str) -> Result<FrontEnd> {
        let (given, stop) = (self.arguments.given()?, Arc::new(AtomicBool::new(false)));
        let value = recipe::eval("<features>", text, &given, &stop, Box::new(note))?;
        value.front_end().ok_or_else(|| {
            Error::new(Kind::Usage, "--features", "this is no front end")
                .expected("audio::fbank(#{ mels: 64 }) or the like")
                .received(text)
        })
    }

    /// The expression for a folder, which whoever names it here lets be read.
    fn reader(&self, given: &mut Given, more: &str) -> Result<String> {
        let path = Path::new(&self.set);
        let layout = layout_of(path).ok_or_else(|| {
            let error = Error::new(Kind::Data, "still data", "the layout is not known")
                .received(self.set.clone())
                .expected(
                    "ESC-50, FSD50K, AudioSet, Speech Commands, UrbanSound8K, or a folder a class",
                );
            error.hint("say how to read it: 'dataset::csv(\"clips.csv\", #{ label: \"kind\" })'")
        })?;
        given.granted.add_root(path)?;
        let options: serde_json::Value = serde_json::from_str(&self.options).map_err(|cause| {
            Error::new(Kind::Usage, "--options", "this is no JSON").received(cause.to_string())
        })?;
        let Some(map) = options.as_object() else {
            return Err(Error::new(Kind::Usage, "--options", "this is no map")
                .expected("{\"fold\": 1}")
                .received(self.options.clone()));
        };
        let own = map.iter().map(|(key, value)| format!("{key:?}: {value}"));
        let all: Vec<String> = own.chain((!more.is_empty()).then(|| more.to_string())).collect();
        Ok(format!("dataset::{layout}({:?}, #{{ {} }})", self.set, all.join(", ")))
    }
}
