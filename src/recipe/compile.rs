//! From a source to something that runs: the whole, for its statements; and its declarations as a
//! module, for its hooks.

use super::arguments::Arguments;
use super::outline::Outline;
use super::shadow::hidden_method;
use super::source::Source;
use super::version::Calling;
use crate::error::{Error, Place, Result};
use crate::script::diagnose::Knowledge;
use crate::script::{Imports, Resolver, Signatures, Sources};
use rhai::{AST, ASTFlags, Engine, EvalAltResult, Module, ParseError, Scope, Stmt};
use std::path::PathBuf;
use std::sync::Arc;

/// What compiling needs, the same for all versions.
#[derive(Clone)]
pub(super) struct Compiler {
    pub resolver: Resolver,
    pub signatures: Signatures,
    pub calling: Calling,
}

/// A version that compiles. It must be checked before it may come into force.
pub(super) struct Compiled {
    pub source: Source,
    /// The whole recipe, statements included.
    pub ast: AST,
    /// The recipe without its statements: imports, consts and functions.
    pub declared: AST,
    /// The same, evaluated once.
    pub module: Module,
    pub outline: Outline,
    pub arguments: Arguments,
    /// Texts of the recipe and all that it imports.
    pub sources: Sources,
    /// What it imports.
    pub imports: Arc<Imports>,
}

impl Compiled {
    /// Whether it has functions only: nothing would run.
    pub fn is_module(&self) -> bool {
        has_functions_only(&self.ast, &self.declared)
    }

    /// Where a function begins, with the text, for errors about it.
    pub fn place_of(&self, name: &str, parameters: usize) -> Option<Place> {
        Some(self.source.place(self.outline.line(name, parameters)?, None))
    }
}

/// A source that does not compile, and the files that it asked for: a save of any of them may mend it.
pub(super) struct Refused {
    pub error: Error,
    pub files: Vec<PathBuf>,
    /// What was read of them.
    pub sources: Sources,
}

impl Refused {
    /// A version that compiles and is refused all the same.
    pub fn of(compiled: &Compiled, error: Error) -> Box<Self> {
        let (files, sources) = (compiled.imports.files.clone(), compiled.sources.clone());
        Box::new(Refused { error, files, sources })
    }
}

impl Compiler {
    /// Compiles `source` with whatever it imports, afresh. The imports in force stay as they are.
    ///
    /// # Errors
    /// The recipe or an import does not compile, or a const fails.
    pub fn compile(
        &self,
        engine: &Engine,
        source: Source,
    ) -> std::result::Result<Compiled, Box<Refused>> {
        let before = self.resolver.exchange(Arc::default());
        let made = self.make(engine, &source);
        let mut imports = self.resolver.exchange(before);
        Arc::make_mut(&mut imports).sealed = true;
        let mut sources = imports.sources.clone();
        sources.add(&source.name, &source.text);
        let made = made.and_then(|made| match hidden_method(&made.0, &source, &self.signatures) {
            Some(error) => Err(Failure::Own(error)),
            None => Ok(made),
        });
        let (ast, declared, module) = made.map_err(|cause| {
            let error = match cause {
                Failure::Text(cause) => {
                    self.knowledge(&sources).compile_error(&cause, &source.name)
                }
                Failure::Run(cause) => self.knowledge(&sources).run_error(cause, &source.name),
                Failure::Own(error) => error,
            };
            let files = imports.files.clone();
            Box::new(Refused { error, files, sources: sources.clone() })
        })?;
        Ok(Compiled {
            outline: Outline::of(engine, &source.text),
            arguments: Arguments::of(std::iter::once(&ast).chain(&imports.asts)),
            source,
            ast,
            declared,
            module,
            sources,
            imports,
        })
    }

    /// Functions, imports and consts that were put together, as a version; `scope` has what the consts name.
    /// Imports are those in force.
    ///
    /// # Errors
    /// An import or a const that fails.
    pub fn declared(
        &self,
        engine: &Engine,
        source: Source,
        declared: AST,
        mut scope: Scope<'static>,
    ) -> Result<Compiled> {
        let imports = self.resolver.imports();
        let mut sources = imports.sources.clone();
        sources.add(&source.name, &source.text);
        let module = self.calling.declaring(|| evaluated(engine, &declared, &mut scope));
        let module =
            module.map_err(|cause| self.knowledge(&sources).run_error(cause, &source.name))?;
        Ok(Compiled {
            outline: Outline::default(),
            arguments: Arguments::default(),
            ast: declared.clone(),
            source,
            declared,
            module,
            sources,
            imports,
        })
    }

    fn make(
        &self,
        engine: &Engine,
        source: &Source,
    ) -> std::result::Result<(AST, AST, Module), Failure> {
        let compiled = engine.compile_with_scope(&Scope::new(), &*source.text);
        let mut ast = compiled.map_err(Failure::Text)?;
        ast.set_source(source.name.as_str());
        let declared = declarations(&ast);
        self.resolver.look_above(has_functions_only(&ast, &declared));
        let module = self
            .calling
            .declaring(|| evaluated(engine, &declared, &mut Scope::new()))
            .map_err(Failure::Run)?;
        self.resolver.load_inner(engine, &ast).map_err(Failure::Run)?;
        Ok((ast, declared, module))
    }

    /// What a diagnosis needs.
    pub fn knowledge<'a>(&'a self, sources: &'a Sources) -> Knowledge<'a> {
        Knowledge { sources, signatures: &self.signatures }
    }
}

enum Failure {
    Text(ParseError),
    Run(Box<EvalAltResult>),
    Own(Error),
}

/// Whether nothing is left out of a text where its statements are.
fn has_functions_only(ast: &AST, declared: &AST) -> bool {
    ast.statements().len() == declared.statements().len()
}

/// A recipe without its statements.
pub(super) fn declarations(ast: &AST) -> AST {
    let kept = ast.statements().iter().filter(|statement| match statement {
        Stmt::Import(..) => true,
        Stmt::Var(_, flags, _) => flags.intersects(ASTFlags::CONSTANT),
        _ => false,
    });
    let mut declared = AST::new(kept.cloned(), ast.shared_lib().clone());
    if let Some(source) = ast.source() {
        declared.set_source(source);
    }
    declared
}

/// Evaluates imports and consts once, and gives them with the functions as a module: a call through it
/// finds both, and runs no statement again.
fn evaluated(
    engine: &Engine,
    declared: &AST,
    scope: &mut Scope,
) -> std::result::Result<Module, Box<EvalAltResult>> {
    let mut global = engine.new_global_runtime_state();
    // Variables were numbered with all statements in place.
    global.always_search_scope = true;
    Module::eval_ast_as_new_raw(engine, scope, &mut global, declared)
}
