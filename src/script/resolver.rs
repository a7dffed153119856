//! Imports: modules of the standard library, and files beside or below the recipe. Nothing else can
//! be reached, and nothing is remembered from one version of the recipe to the next.

use super::raise::raise;
use super::{LIMITS, SOURCE_BYTES, Sources, stdlib};
use crate::disk;
use crate::error::{Error, Kind, Result, nearest};
use rhai::{
    AST, ASTNode, Engine, EvalAltResult, Expr, FnAccess, Module, ModuleResolver, Position, Scope,
};
use rhai::{Shared, Stmt};
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

type SharedModule = Shared<Module>;

/// The ending of recipes and modules.
const ENDING: &str = "rhai";

/// How many folders up an import of a module is looked for.
pub const ANCESTORS: usize = 3;

/// What a version of a recipe imports.
#[derive(Clone, Default)]
pub struct Imports {
    modules: HashMap<String, SharedModule>,
    /// Texts of the files, by the names that errors use.
    pub sources: Sources,
    /// Files that were asked for, those that could not be read included: a later save may mend them.
    pub files: Vec<PathBuf>,
    /// What was compiled, to look for arguments.
    pub asts: Vec<AST>,
    /// Functions of each module that others can call, by the name of the import: names, with their parameters.
    pub functions: HashMap<String, Vec<(String, Vec<String>)>>,
    /// Whether the version is complete: nothing is loaded any more, since nobody would watch or keep it.
    pub sealed: bool,
}

#[derive(Default)]
struct Inner {
    /// Modules given by the host, by name.
    given: HashMap<String, SharedModule>,
    /// Imports of the version that is compiled or called just now.
    imports: Arc<Imports>,
    /// What is being loaded just now, for cycles.
    loading: Vec<String>,
    /// Where imports are read just now, if not in the resolver's own folder.
    root: Option<PathBuf>,
    /// Whether what is not there is looked for above that folder.
    above: bool,
    /// Texts that go before those on the disk, by their paths.
    unsaved: HashMap<PathBuf, Arc<str>>,
}

/// Resolves imports below one folder; clones share what is loaded.
#[derive(Clone)]
pub struct Resolver {
    root: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

impl Resolver {
    /// A resolver for recipes in `root`.
    pub fn new(root: &Path) -> Self {
        Resolver { root: root.to_path_buf(), inner: Arc::default() }
    }

    /// Does `act` while imports are read in another folder, where a run kept a version. They are called as if they
    /// stood in the resolver's own: there they are watched, and there a reader looks for them.
    pub fn rooted<T>(&self, root: &Path, act: impl FnOnce() -> T) -> T {
        let before = self.with(|inner| inner.root.replace(root.to_path_buf()));
        let outcome = act();
        self.with(|inner| inner.root = before);
        outcome
    }

    /// Whether imports that are not there are looked for in the folders above as well: a module that is read by itself may
    /// stand below its recipe's folder, from which they count.
    pub fn look_above(&self, above: bool) {
        self.with(|inner| inner.above = above);
    }

    /// Puts the imports of a version into force, and gives those that were.
    pub fn exchange(&self, imports: Arc<Imports>) -> Arc<Imports> {
        self.with(|inner| {
            inner.loading.clear();
            std::mem::replace(&mut inner.imports, imports)
        })
    }

    /// The imports in force.
    pub fn imports(&self) -> Arc<Imports> {
        self.with(|inner| inner.imports.clone())
    }

    /// Reads these texts instead of the files: they stand in an editor, not yet saved.
    pub fn read_first(&self, texts: HashMap<PathBuf, Arc<str>>) {
        self.with(|inner| inner.unsaved = texts);
    }

    /// Offers a module under a name of the host's own.
    pub fn give(&self, name: &str, module: SharedModule) {
        self.with(|inner| inner.given.insert(name.to_string(), module));
    }

    /// Takes a given module back.
    pub fn take(&self, name: &str) {
        self.with(|inner| inner.given.remove(name));
    }

    /// Loads what functions of `ast` import when they are called, so that it belongs to the version.
    ///
    /// # Errors
    /// As importing at the top level.
    pub fn load_inner(
        &self,
        engine: &Engine,
        ast: &AST,
    ) -> std::result::Result<(), Box<EvalAltResult>> {
        let mut wanted = Vec::new();
        ast.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, at))) = path.last()
                && let Expr::StringConstant(name, _) = &import.0
            {
                wanted.push((name.to_string(), *at));
            }
            true
        });
        for (name, at) in wanted {
            self.resolve(engine, None, &name, at)?;
        }
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The file that `name` means, and where it is read.
    ///
    /// # Errors
    /// A name that leads out of the recipe's folder, by itself or through a link.
    fn file(&self, name: &str) -> Result<(PathBuf, PathBuf)> {
        let operation = format!("import \"{name}\"");
        let outside = || {
            let error = Error::new(Kind::Script, &operation, "leads out of the recipe's folder")
                .expected("a path beside or below the recipe, or \"std/…\"");
            match name.starts_with("..") && self.with(|inner| inner.loading.len() > 1) {
                true => error.hint("in modules, too, paths are counted from the recipe's folder"),
                false => error,
            }
        };
        // A path may begin with `./`, as in other languages.
        let relative: PathBuf =
            Path::new(name).components().filter(|part| *part != Component::CurDir).collect();
        if relative.as_os_str().is_empty()
            || !relative.components().all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(outside());
        }
        let mut relative = relative;
        if relative.extension().is_none_or(|ending| ending != ENDING) {
            relative.as_mut_os_string().push(format!(".{ENDING}"));
        }
        let (own, above) = self.with(|inner| (inner.root.clone(), inner.above));
        let unsaved = |path: &PathBuf| self.with(|inner| inner.unsaved.contains_key(path));
        let mut folders = (1..=ANCESTORS)
            .take_while(|_| above && !name.starts_with("std/"))
            .filter_map(|up| up_from(&self.root, up));
        let other = folders.find(|folder| {
            let is_there = |path: PathBuf| path.is_file() || unsaved(&path);
            !is_there(self.root.join(&relative)) && is_there(folder.join(&relative))
        });
        let called = other.as_ref().unwrap_or(&self.root);
        let root = other.clone().or(own).unwrap_or_else(|| self.root.clone());
        let (called, path) = (called.join(&relative), root.join(&relative));
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { &root };
        let (real, real_root) = match (path.canonicalize(), root.canonicalize()) {
            (Ok(real), Ok(real_root)) => (real, real_root),
            _ => return Ok((called, path)), // reading it will tell what is wrong
        };
        if real.starts_with(real_root) { Ok((called, path)) } else { Err(outside()) }
    }

    fn text(&self, name: &str) -> Result<(String, String)> {
        let (called, path) = self.file(name)?;
        self.with(|inner| Arc::make_mut(&mut inner.imports).files.push(called.clone()));
        if let Some(text) = self.with(|inner| inner.unsaved.get(&path).cloned()) {
            return Ok((called.display().to_string(), text.to_string()));
        }
        // A file of the recipe's own goes before the module of the standard library.
        if name.starts_with("std/") && std::fs::symlink_metadata(&path).is_err() {
            let known: Vec<&str> = stdlib::MODULES.iter().map(|module| module.name).collect();
            return match stdlib::find(name) {
                Some(module) => Ok((name.to_string(), module.text.to_string())),
                None => Err(crate::error::unknown("import", "module", name, &known)),
            };
        }
        let text = disk::read_text_up_to(&path, SOURCE_BYTES).map_err(|error| {
            let missing = std::fs::symlink_metadata(&path).is_err();
            match meant(name, &path).filter(|_| missing) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            }
        })?;
        // Some editors begin a file with a mark that is no part of it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Ok((called.display().to_string(), text.to_string()))
    }

    fn load(
        &self,
        engine: &Engine,
        name: &str,
    ) -> std::result::Result<SharedModule, Box<EvalAltResult>> {
        let (source, text) = self.text(name).map_err(raise)?;
        self.with(|inner| Arc::make_mut(&mut inner.imports).sources.add(&source, &text));
        let wrap = |cause: Box<EvalAltResult>| {
            Box::new(EvalAltResult::ErrorInModule(source.clone(), cause, Position::NONE))
        };
        let mut ast = engine.compile(&text).map_err(|cause| wrap(Box::new(cause.into())))?;
        ast.set_source(source.clone());
        let module = Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(wrap)?;
        self.load_inner(engine, &ast).map_err(wrap)?;
        let offered = ast.iter_functions().filter(|own| own.access == FnAccess::Public);
        let functions = offered.map(|own| {
            (own.name.to_string(), own.params.iter().map(|name| name.to_string()).collect())
        });
        let functions = functions.collect();
        self.with(|inner| {
            let imports = Arc::make_mut(&mut inner.imports);
            imports.functions.insert(name.to_string(), functions);
            imports.asts.push(ast);
        });
        Ok(module.into())
    }
}

/// The folder so many above another one.
fn up_from(folder: &Path, levels: usize) -> Option<PathBuf> {
    match folder.is_absolute() {
        true => folder.ancestors().nth(levels).map(Path::to_path_buf),
        false => Some(folder.join(PathBuf::from_iter(std::iter::repeat_n("..", levels)))),
    }
}

/// The module that was meant by a path where nothing is: one of the standard library, or one that stands beside it.
fn meant(name: &str, path: &Path) -> Option<String> {
    let standard = format!("std/{name}");
    if stdlib::find(&standard).is_some() {
        return Some(standard);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?.flatten().take(1000);
    let stems = beside.filter_map(|entry| {
        let path = entry.path();
        let fits = path.extension().is_some_and(|ending| ending == ENDING);
        path.file_stem().filter(|_| fits)?.to_str().map(String::from)
    });
    let stems: Vec<String> = stems.collect();
    let (before, own) = name.rsplit_once('/').map_or(("", name), |(before, own)| (before, own));
    let own = own.strip_suffix(".rhai").unwrap_or(own);
    let near = nearest(own, stems.iter().map(String::as_str))?;
    Some(if before.is_empty() { near.to_string() } else { format!("{before}/{near}") })
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        name: &str,
        position: Position,
    ) -> std::result::Result<SharedModule, Box<EvalAltResult>> {
        let known =
            self.with(|inner| inner.given.get(name).or(inner.imports.modules.get(name)).cloned());
        if let Some(module) = known {
            return Ok(module);
        }
        if self.with(|inner| inner.imports.sealed) {
            let error = Error::new(
                Kind::Script,
                format!("import \"{name}\""),
                "it was not read together with the recipe",
            );
            let hint = "write the path of an import within a function or a block out, as \"…\"; at the \
                        top level it may be computed";
            return Err(raise(error.hint(hint)));
        }
        let cycle = self.with(|inner| {
            let begins = inner.loading.iter().position(|open| open == name);
            inner.loading.push(name.to_string());
            begins.and_then(|start| inner.loading.get(start..).map(|names| names.join(" → ")))
        });
        let count = self.with(|inner| inner.imports.modules.len() + inner.loading.len());
        let loaded = match cycle {
            None if count > LIMITS.modules => Err(raise(
                Error::new(Kind::Script, format!("import \"{name}\""), "too many modules")
                    .expected(format!("{} at most", LIMITS.modules)),
            )),
            Some(cycle) => Err(raise(
                Error::new(Kind::Script, format!("import \"{name}\""), "imports go in a circle")
                    .received(cycle),
            )),
            None => self.load(engine, name),
        };
        self.with(|inner| inner.loading.pop());
        let module = loaded.map_err(|mut cause| {
            if cause.position().is_none() {
                cause.set_position(position);
            }
            cause
        })?;
        self.with(|inner| {
            Arc::make_mut(&mut inner.imports).modules.insert(name.to_string(), module.clone())
        });
        Ok(module)
    }
}
