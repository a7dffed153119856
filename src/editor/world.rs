//! What is open, what it imports, and what imports it.

use super::document::{Document, Units};
use super::uri::{tidy, uri_of};
use crate::disk;
use crate::recipe::Inspector;
use crate::script::names::{Binding, Role, Span, Symbol};
use crate::script::{ANCESTORS, Catalogue, stdlib};
use lsp_types::Uri;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// How many files are looked through for who imports one.
const FILES: usize = 500;
/// How many folders deep.
const DEPTH: usize = 4;

/// All that requests are answered from.
pub(super) struct World {
    open: BTreeMap<String, Rc<Document>>,
    units: Units,
    pub catalogue: Catalogue,
    inspector: Inspector,
    /// Modules of the standard library, written out where an editor can open them.
    library: RefCell<Option<tempfile::TempDir>>,
}

/// A name that is bound, with its document.
#[derive(Clone)]
pub(super) struct Target {
    pub document: Rc<Document>,
    pub index: usize,
}

impl World {
    pub fn new(units: Units) -> Self {
        let inspector = Inspector::beside(Path::new("recipe.rhai"));
        let catalogue = inspector.catalogue();
        World { open: BTreeMap::new(), units, catalogue, inspector, library: RefCell::default() }
    }

    pub fn units(&self) -> Units {
        self.units
    }

    pub fn is_name(&self, text: &str) -> bool {
        self.inspector.is_name(text)
    }

    pub fn put(&mut self, document: Document) {
        self.open.insert(document.uri.to_string(), Rc::new(document));
    }

    pub fn remove(&mut self, uri: &Uri) {
        self.open.remove(uri.as_str());
    }

    pub fn get(&self, uri: &Uri) -> Option<Rc<Document>> {
        self.open.get(uri.as_str()).cloned()
    }

    pub fn open(&self) -> impl Iterator<Item = &Rc<Document>> {
        self.open.values()
    }

    /// Texts of what is open, by path.
    pub fn unsaved(&self) -> HashMap<PathBuf, std::sync::Arc<str>> {
        let all = self.open.values();
        all.filter_map(|one| Some((one.path.clone()?, one.text().clone()))).collect()
    }

    /// The document at a path: as it is open, or from the disk.
    pub fn at(&self, path: &Path) -> Option<Rc<Document>> {
        let open = self.open.values().find(|one| one.path.as_deref() == Some(path));
        if let Some(open) = open {
            return Some(open.clone());
        }
        let text = disk::read_text(path).ok()?;
        Some(Rc::new(Document::new(uri_of(path)?, 0, &text, self.units)))
    }

    /// The file that an import in `from` means, where there is one.
    pub fn imported_path(&self, from: &Document, import: &str) -> Option<PathBuf> {
        let relative = Path::new(import);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let mut relative = relative.to_path_buf();
        if relative.extension().is_none_or(|ending| ending != "rhai") {
            relative.as_mut_os_string().push(".rhai");
        }
        let folders = from.path.as_ref()?.ancestors().skip(1).take(1 + ANCESTORS);
        let paths = folders.map(|folder| tidy(&folder.join(&relative)));
        let there = |path: &PathBuf| {
            path.is_file() || self.open.values().any(|one| one.path.as_ref() == Some(path))
        };
        paths.into_iter().find(there)
    }

    /// What an import in `from` means.
    pub fn imported(&self, from: &Document, import: &str) -> Option<Rc<Document>> {
        if let Some(path) = self.imported_path(from, import) {
            return self.at(&path);
        }
        let module = stdlib::find(import)?;
        let path = self.library_path(module.name);
        let uri = path.and_then(|path| uri_of(&path)).unwrap_or_else(|| from.uri.clone());
        Some(Rc::new(Document::new(uri, 0, module.text, self.units)))
    }

    /// Where a module of the standard library can be read by an editor.
    fn library_path(&self, name: &str) -> Option<PathBuf> {
        let mut library = self.library.borrow_mut();
        if library.is_none() {
            let folder = disk::draft_folder(&std::env::temp_dir(), "still-library-").ok()?;
            for module in stdlib::MODULES {
                let path = folder.path().join(format!("{}.rhai", module.name));
                disk::make_folder(path.parent()?).ok()?;
                disk::write_whole(&path, module.text.as_bytes()).ok()?;
            }
            *library = Some(folder);
        }
        library.as_ref().map(|folder| folder.path().join(format!("{name}.rhai")))
    }

    /// Whether a document is a module of the standard library.
    pub fn is_library(&self, document: &Document) -> bool {
        let library = self.library.borrow();
        let folder = library.as_ref().map(|folder| tidy(folder.path()));
        let path = document.path.as_ref();
        folder.zip(path).is_some_and(|(folder, path)| path.starts_with(folder))
    }

    /// The name that the word at a byte stands for, in this document or in one that it imports.
    pub fn target(&self, document: &Rc<Document>, offset: usize) -> Option<Target> {
        let names = document.names();
        let word = names.at(offset)?;
        match &word.role {
            Role::Symbol(index) => Some(Target { document: document.clone(), index: *index }),
            Role::Member { import: Some(import), called, .. } => {
                let path = names.symbol(*import)?.path.clone()?;
                let name = names.text().get(word.span.start..word.span.end)?;
                let calls = names.calls();
                let call = calls.iter().find(|call| *called && call.span == word.span);
                let target = self.imported(document, &path)?;
                member(&target, name, call.map(|call| call.count()))
            }
            // The number of arguments fits none, yet the name says what is meant.
            Role::Called | Role::Pointed => {
                let name = names.text().get(word.span.start..word.span.end)?;
                let found = names.functions().find(|(_, own)| own.name == name)?;
                Some(Target { document: document.clone(), index: found.0 })
            }
            _ => None,
        }
    }

    /// Everywhere that a name is bound and used, in its document and in those that import it.
    pub fn references(&self, target: &Target) -> Vec<(Rc<Document>, Span)> {
        let names = target.document.names();
        let Some(symbol) = names.symbol(target.index) else { return Vec::new() };
        let own = names.references(target.index).into_iter();
        let mut found: Vec<_> = own.map(|span| (target.document.clone(), span)).collect();
        let outside = match symbol.binding {
            Binding::Function => !symbol.private,
            Binding::Let | Binding::Const => names.is_top_level(target.index),
            _ => false,
        };
        let Some(path) = target.document.path.as_deref().filter(|_| outside) else { return found };
        for other in self.importers(path) {
            let theirs = other.names();
            for one in theirs.uses() {
                let Role::Member { import: Some(import), .. } = &one.role else { continue };
                let from = theirs.symbol(*import).and_then(|own| own.path.as_deref());
                let here = from.is_some_and(|from| {
                    let target = self.imported(&other, from);
                    target.is_some_and(|target| target.path.as_deref() == Some(path))
                });
                let name = theirs.text().get(one.span.start..one.span.end);
                if here && name == Some(symbol.name.as_str()) {
                    found.push((other.clone(), one.span));
                }
            }
        }
        found
    }

    /// What a document can import from its folder and below, as an import writes it.
    pub fn beside(&self, document: &Document) -> Vec<String> {
        let Some(path) = document.path.as_deref() else { return Vec::new() };
        let Some(folder) = path.parent() else { return Vec::new() };
        let mut paths = Vec::new();
        scan(folder, DEPTH, &mut paths);
        paths.extend(self.open().filter_map(|one| one.path.clone()));
        paths.sort();
        paths.dedup();
        let others = paths.iter().filter(|other| other.as_path() != path);
        let named = others.filter_map(|other| other.strip_prefix(folder).ok()?.to_str());
        named.map(|name| name.trim_end_matches(".rhai").replace('\\', "/")).collect()
    }

    /// Whether a document imports the file at `path`.
    pub fn imports(&self, document: &Document, path: &Path) -> bool {
        let names = document.names();
        let mut written = names.symbols().iter().filter_map(|symbol| symbol.path.as_deref());
        written.any(|import| self.imported_path(document, import).as_deref() == Some(path))
    }

    /// Documents that may import the file at `path`: what is open, and what lies around it.
    fn importers(&self, path: &Path) -> Vec<Rc<Document>> {
        let mut paths: Vec<PathBuf> = self.open().filter_map(|one| one.path.clone()).collect();
        let folders: Vec<&Path> = path.ancestors().skip(1).take(2).collect();
        for folder in folders {
            scan(folder, if Some(folder) == path.parent() { DEPTH } else { 0 }, &mut paths);
        }
        paths.sort();
        paths.dedup();
        let word = path.file_stem().map(|stem| stem.to_string_lossy().to_string());
        let others = paths.iter().filter(|other| other.as_path() != path);
        let documents = others.filter_map(|path| self.at(path));
        let mentions = |one: &Rc<Document>| {
            let text = one.text();
            text.contains("import") && word.as_deref().is_some_and(|word| text.contains(word))
        };
        documents.filter(mentions).collect()
    }
}

/// A function or a variable of a module, by its name and, where it is called, its number of arguments.
fn member(document: &Rc<Document>, name: &str, count: Option<usize>) -> Option<Target> {
    let names = document.names();
    let all: Vec<_> = names.functions().filter(|(_, own)| own.name == name).collect();
    let fits = |own: &Symbol| count.is_none_or(|count| own.parameters.len() == count);
    let found = all.iter().find(|(_, own)| fits(own)).or(all.first()).map(|(index, _)| *index);
    let index = found.or_else(|| {
        let symbols = names.symbols().iter().enumerate();
        let mut top = symbols.filter(|(index, _)| names.is_top_level(*index));
        top.find(|(_, own)| own.name == name).map(|(index, _)| index)
    })?;
    Some(Target { document: document.clone(), index })
}

/// Recipes below a folder.
fn scan(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if found.len() >= FILES {
            return;
        }
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth > 0 && !hidden {
            scan(&path, depth - 1, found);
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "rhai") {
            found.push(path);
        }
    }
}
