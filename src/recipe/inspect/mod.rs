//! What can be said of a recipe without running it.

mod calls;
mod draws;
mod keys;
mod losses;
mod lost;
mod operators;
mod recover;
mod schedules;
mod traps;
mod unread;
mod whole;

use super::arguments::Arguments;
use super::callback::Callback;
use super::check::{uncalled, unfit};
use super::compile::{Compiled, Compiler};
use super::granted::{NOT_GRANTED, ROOTS_VARIABLE};
use super::header::Header;
use super::session::folder_of;
use super::source::Source;
use super::trying::{CHECK, Given, Trying};
use crate::error::{Error, Kind, Result, guarded};
use crate::script::names::{Names, Symbol};
use crate::script::{self, Catalogue, Host, Resolver, Signatures, Vocabulary};
use calls::unknown_calls;
use keys::unknown_keys;
use recover::{Recovered, recover};
use rhai::{
    AST, ASTNode, Engine, Expr, FnAccess, FnCallExpr, OptimizationLevel, Position, Stmt, Token,
};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use traps::traps;

/// Methods that change the value before the point.
pub(super) const CHANGES: [&str; 6] = ["push", "append", "insert", "set", "mixin", "fill_with"];
/// How long consts may take, which are evaluated.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads recipes, and tells what is wrong with them.
pub struct Inspector {
    engine: Arc<Engine>,
    compiler: Compiler,
    words: Vocabulary,
    /// Reads a text as it stands: `1 / 2` is a division, not 0.
    plain: Engine,
    /// Whether consts may lack what nobody has allowed them here.
    lenient: bool,
}

impl Inspector {
    /// For recipes that stand beside `file`, whose imports are found there. Consts may read what the environment
    /// allows; that they lack more is no mistake of theirs.
    pub fn beside(file: &Path) -> Self {
        let mut given = Given::default();
        if let Some(text) = std::env::var_os(ROOTS_VARIABLE) {
            given.granted.add_variable(&text);
        }
        Inspector { lenient: true, ..Inspector::given(file, &given) }
    }

    /// The engine that it asks.
    pub(super) fn engine(&self) -> Arc<Engine> {
        self.engine.clone()
    }

    /// The same, for consts that ask for arguments or files.
    pub fn given(file: &Path, given: &Given) -> Self {
        let host = Trying::new(CHECK, file, given, &Arc::default(), Box::new(|_| {}));
        let callback = Callback::default();
        let host: Arc<dyn Host> = Arc::new(host.within(PATIENCE));
        let resolver = Resolver::new(folder_of(file));
        let engine = Arc::new(script::engine(&host, resolver.clone()));
        let signatures = Signatures::of(&engine);
        let words = Vocabulary::of(&engine, &signatures);
        let compiler =
            Compiler { resolver: resolver.clone(), signatures, calling: callback.calling() };
        let mut plain = script::engine(&host, resolver);
        plain.set_optimization_level(OptimizationLevel::None).set_strict_variables(false);
        Inspector { engine, compiler, words, plain, lenient: false }
    }

    /// Texts that stand in an editor and not yet on the disk, by their paths: imports are read from them first.
    pub fn with_unsaved(self, texts: HashMap<PathBuf, Arc<str>>) -> Self {
        self.compiler.resolver.read_first(texts);
        self
    }

    /// Everything that a recipe can call, what Rhai has itself included.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::with_standard(&self.engine)
    }

    /// Whether a text is a name that a variable or a function can have.
    pub fn is_name(&self, text: &str) -> bool {
        let texts = [text];
        let mut tokens = self.engine.lex(&texts).0.map(|(token, _)| token);
        let first = tokens.next();
        let own = matches!(&first, Some(Token::Identifier(name)) if name.as_str() == text);
        own && matches!(tokens.next(), None | Some(Token::EOF))
    }

    /// Everything that is wrong with a recipe, or looks wrong, as far as can be told without running it: errors
    /// and warnings, each with its place. The text need not be that on disk; imports are read from there.
    pub fn inspect(&self, source: Source) -> Vec<Error> {
        let found = guarded("still check", || Ok(self.findings(source)));
        found.unwrap_or_else(|error| vec![error])
    }

    /// What a recipe asks for, its imports included, and whether it has functions only.
    ///
    /// # Errors
    /// A recipe that does not compile.
    pub(super) fn read(&self, source: Source) -> Result<(Arguments, bool)> {
        guarded("still ls", || {
            let compiled = match self.compiler.compile(&self.engine, source.clone()) {
                Ok(compiled) => compiled,
                Err(refused) if self.forgives(&refused.error) => {
                    let recovered = recover(&self.engine, &self.compiler, &source);
                    let mut mistakes = recovered.errors.into_iter();
                    let mistake = mistakes.find(|error| !self.forgives(error));
                    match (mistake, recovered.compiled) {
                        (None, Some(compiled)) => compiled,
                        (mistake, _) => return Err(mistake.unwrap_or(refused.error)),
                    }
                }
                Err(refused) => return Err(refused.error),
            };
            let is_module = compiled.is_module();
            Ok((compiled.arguments, is_module))
        })
    }

    /// Whether an error is about what nobody has allowed here, or given: a run may be allowed more.
    fn forgives(&self, error: &Error) -> bool {
        let refused = error.kind() == Kind::File && error.report().problem == NOT_GRANTED;
        let needed = error.kind() == Kind::Usage && error.report().operation == "arg";
        self.lenient && (refused || needed)
    }

    fn findings(&self, source: Source) -> Vec<Error> {
        let Recovered { compiled, mut errors, missing } =
            recover(&self.engine, &self.compiler, &source);
        errors.retain(|error| !self.forgives(error));
        errors.extend(Header::of(&source).findings().iter().cloned());
        let Some(compiled) = compiled else { return errors };
        if let Ok(ast) = self.plain.compile(&*compiled.source.text) {
            errors.extend(self.read_through(&ast, &source, &compiled, missing));
        }
        // What it imports has mistakes of the same sorts.
        for (name, text) in compiled.sources.all() {
            if name == compiled.source.name || script::stdlib::find(name).is_some() {
                continue;
            }
            if let Ok(ast) = self.plain.compile(&**text) {
                let module = Source::of(name, text);
                errors.extend(self.read_through(&ast, &module, &compiled, BTreeSet::new()));
            }
        }
        // A module has no stages that would call hooks.
        if compiled.is_module() {
            return sorted(errors, &source);
        }
        // A call that means it, misspelt, tells more.
        let meant = |name: &str| {
            let quoted = format!("'{name}'");
            let hint = |error: &Error| {
                error.report().hint.as_ref().is_some_and(|own| own.contains(&quoted))
            };
            errors.iter().any(hint)
        };
        let uncalled = uncalled(&compiled).into_iter().filter(|(name, _)| !meant(name));
        for (name, hint) in uncalled.collect::<Vec<_>>() {
            let error = Error::new(Kind::Name, &name, "nothing calls this function").hint(hint);
            let error = error.as_warning();
            let line = compiled.outline.bodies(&name).find_map(|body| Some(body.first()?.1));
            errors.push(match line {
                Some(line) => error.at(source.place(line, None)),
                None => error,
            });
        }
        for mut error in unfit(&compiled) {
            // What was taken out to read the rest stands in the user's text.
            error.show(&source.file, &source.text);
            errors.push(error);
        }
        sorted(errors, &source)
    }

    /// What one file of a recipe has that shows itself in its text.
    fn read_through(
        &self,
        ast: &AST,
        source: &Source,
        compiled: &Compiled,
        missing: BTreeSet<String>,
    ) -> Vec<Error> {
        let read = Read { missing, ..Read::of(ast, source, compiled, &self.compiler) };
        let mut errors = unknown_calls(&read, &self.words);
        errors.extend(unknown_keys(&read));
        errors.extend(traps(&read));
        errors
    }

    /// Everything that keeps a text from compiling, itself or in what it imports.
    pub(super) fn mistakes(&self, source: &Source) -> Vec<Error> {
        let found =
            guarded("reading a recipe", || Ok(recover(&self.engine, &self.compiler, source)));
        found.map_or_else(|error| vec![error], |found| found.errors)
    }
}

/// What a recipe that compiles has that is surely not meant, each in one line: for those who run it.
pub(super) fn doubts(compiler: &Compiler, compiled: &Compiled) -> Vec<String> {
    let mut plain = Engine::new_raw();
    plain.set_optimization_level(OptimizationLevel::None).set_max_expr_depths(0, 0);
    let Ok(ast) = plain.compile(&*compiled.source.text) else { return Vec::new() };
    let read = Read::of(&ast, &compiled.source, compiled, compiler);
    let near = uncalled(compiled).into_iter();
    let near = near.map(|(name, hint)| format!("nothing calls '{name}': {hint}"));
    let traps = sorted(traps(&read), &compiled.source).into_iter().map(|error| {
        let line = error.report().places.first().map(|place| format!("line {}: ", place.line));
        format!("{}{}", line.unwrap_or_default(), error.headline())
    });
    let mut all: Vec<String> = near.chain(traps).collect();
    all.dedup();
    all
}

/// In the order of the text, what stands in other files last.
fn sorted(mut errors: Vec<Error>, source: &Source) -> Vec<Error> {
    errors.sort_by_key(|error| {
        let place = error.report().places.first();
        place.map(|place| (place.file != source.file, place.line, place.column))
    });
    errors
}

/// A recipe as it is read, without anything taken out or worked out beforehand.
struct Read<'a> {
    ast: &'a AST,
    source: &'a Source,
    names: Names,
    signatures: &'a Signatures,
    imports: Vec<Import>,
    /// Names that stood where the text could not be read.
    missing: BTreeSet<String>,
    /// What each variable begins with; `None` where several are called so.
    lets: HashMap<String, Option<Expr>>,
}

/// A function's name with its namespace, as it is called: `kd::kl`.
fn name_of(call: &FnCallExpr) -> String {
    match call.namespace.is_empty() {
        true => call.name.to_string(),
        false => format!("{}::{}", call.namespace, call.name),
    }
}

impl<'a> Read<'a> {
    /// One file of a recipe.
    fn of(ast: &'a AST, source: &'a Source, compiled: &Compiled, compiler: &'a Compiler) -> Self {
        Read {
            ast,
            source,
            names: Names::of(&source.text),
            signatures: &compiler.signatures,
            imports: imports(ast, compiled),
            missing: BTreeSet::new(),
            lets: lets(ast),
        }
    }

    /// Warnings about the recipe's own functions, each at the line where it begins.
    fn about_functions(&self, wrong: impl Fn(&Symbol) -> Option<Error>) -> Vec<Error> {
        let warn = |own: &Symbol| {
            let at = self.source.place(own.span.line, None);
            Some(wrong(own)?.as_warning().at(at))
        };
        self.names.functions().filter_map(|(_, own)| warn(own)).collect()
    }

    /// How a function of the host's, or of an import, is written: `kd::kl(student, teacher)`.
    fn forms(&self, call: &FnCallExpr) -> Vec<String> {
        let name = name_of(call);
        let own = self.signatures.forms(&name).into_iter().map(String::from);
        let imported = self.imports.iter().filter(|import| {
            !call.namespace.is_empty() && import.alias == call.namespace.to_string()
        });
        let offered = imported.filter_map(|import| import.functions.as_ref()).flatten();
        let theirs = offered.filter(|(known, _)| known.as_str() == call.name.as_str());
        own.chain(theirs.map(|(_, words)| format!("{name}({})", words.join(", ")))).collect()
    }

    /// One function by itself. (`clone_functions_only_filtered` of Rhai 1.27 keeps all of them.)
    fn alone(&self, name: &str, parameters: usize) -> AST {
        let mut alone = self.ast.clone_functions_only();
        alone.retain_functions(|_, _, known, count| known == name && count == parameters);
        alone
    }

    fn placed(&self, error: Error, at: Position) -> Error {
        match at.line() {
            Some(line) => error.at(self.source.place(line, at.position())),
            None => error,
        }
    }
}

/// What each variable of a file begins with; `None` where several are called so, or it is changed.
fn lets(ast: &AST) -> HashMap<String, Option<Expr>> {
    let mut found: HashMap<String, Option<Expr>> = HashMap::new();
    ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(declared, ..))) => {
                let known = found.entry(declared.0.name.to_string());
                known.and_modify(|own| *own = None).or_insert_with(|| Some(declared.1.clone()));
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => {
                if let Expr::Variable(own, ..) = &assigned.1.lhs {
                    found.insert(own.1.to_string(), None);
                }
            }
            _ => {}
        }
        true
    });
    // What is a parameter somewhere may be anything.
    ast.iter_functions().flat_map(|own| own.params).for_each(|name| {
        found.insert(name.to_string(), None);
    });
    found
}

/// An import of a recipe.
struct Import {
    name: String,
    alias: String,
    /// What it offers, with parameters, where it was read.
    functions: Option<Vec<(String, Vec<String>)>>,
    /// Functions that it keeps for itself.
    private: Vec<String>,
    at: Position,
}

/// The private functions of what is imported as `name`.
fn private_of(compiled: &Compiled, name: &str) -> Vec<String> {
    let file = format!("{}.rhai", name.trim_start_matches("./").trim_end_matches(".rhai"));
    let is_it = |source: &str| source == name || Path::new(source).ends_with(&file);
    let own = compiled.imports.asts.iter().filter(|ast| ast.source().is_some_and(is_it));
    let hidden = own.flat_map(AST::iter_functions).filter(|one| one.access == FnAccess::Private);
    hidden.map(|one| one.name.to_string()).collect()
}

fn imports(ast: &AST, compiled: &Compiled) -> Vec<Import> {
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, at))) = path.last()
            && !import.1.name.is_empty()
        {
            // A path that is computed is known when the recipe runs.
            let name = match &import.0 {
                Expr::StringConstant(name, _) => name.as_str(),
                _ => "…",
            };
            found.push(Import {
                name: name.to_string(),
                alias: import.1.name.to_string(),
                functions: compiled.imports.functions.get(name).cloned(),
                private: private_of(compiled, name),
                at: *at,
            });
        }
        true
    });
    found
}

/// The definition files of everything that a recipe can call: names, which may have a folder, and texts.
pub fn definitions() -> Vec<(String, String)> {
    script::definitions::definitions(&Inspector::beside(Path::new("")).engine)
}
