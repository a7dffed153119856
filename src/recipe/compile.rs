//! From a source to something that runs: the whole, for its statements; and its declarations as a
//! module, for its hooks.

use super::arguments::Arguments;
use super::outline::Outline;
use super::source::Source;
use crate::error::Result;
use crate::script::diagnose::Knowledge;
use crate::script::{Resolver, Signatures, Sources};
use rhai::{AST, ASTFlags, Engine, Module, Scope, Stmt};
use std::path::PathBuf;

/// What compiling needs, the same for all versions.
#[derive(Clone)]
pub(super) struct Compiler {
    pub resolver: Resolver,
    pub signatures: Signatures,
}

/// A version that compiles. It must be checked before it may come into force.
pub(super) struct Compiled {
    pub source: Source,
    /// The whole recipe, statements included.
    pub ast: AST,
    /// Imports, consts and functions, evaluated once.
    pub module: Module,
    pub outline: Outline,
    pub arguments: Arguments,
    /// Texts of the recipe and all that it imports.
    pub sources: Sources,
    /// Files that it imports.
    pub imports: Vec<PathBuf>,
}

impl Compiler {
    /// Compiles `source` with whatever it imports, afresh.
    ///
    /// # Errors
    /// The recipe or an import does not compile, or a const fails.
    pub fn compile(&self, engine: &Engine, source: Source) -> Result<Compiled> {
        self.resolver.begin();
        let compiled = engine.compile_with_scope(&Scope::new(), &*source.text);
        let mut ast = compiled.map_err(|cause| {
            let mut sources = Sources::default();
            sources.add(&source.name, &source.text);
            self.knowledge(&sources).compile_error(&cause, &source.name)
        })?;
        ast.set_source(source.name.as_str());
        let module = declarations(engine, &ast);
        let (mut sources, imports) = self.resolver.read();
        sources.add(&source.name, &source.text);
        let module =
            module.map_err(|cause| self.knowledge(&sources).run_error(cause, &source.name))?;
        Ok(Compiled {
            outline: Outline::of(engine, &source.text),
            arguments: Arguments::of(&ast),
            source,
            ast,
            module,
            sources,
            imports,
        })
    }

    /// What a diagnosis needs.
    pub fn knowledge<'a>(&'a self, sources: &'a Sources) -> Knowledge<'a> {
        Knowledge { sources, signatures: &self.signatures }
    }
}

/// Evaluates imports and consts once, and gives them with the functions as a module: a call through it
/// finds both, and runs no statement again.
fn declarations(
    engine: &Engine,
    ast: &AST,
) -> std::result::Result<Module, Box<rhai::EvalAltResult>> {
    let kept = ast.statements().iter().filter(|statement| match statement {
        Stmt::Import(..) => true,
        Stmt::Var(_, flags, _) => flags.intersects(ASTFlags::CONSTANT),
        _ => false,
    });
    let mut declared = AST::new(kept.cloned(), ast.shared_lib().clone());
    if let Some(source) = ast.source() {
        declared.set_source(source);
    }
    let mut global = engine.new_global_runtime_state();
    // Variables were numbered with all statements in place.
    global.always_search_scope = true;
    Module::eval_ast_as_new_raw(engine, &mut Scope::new(), &mut global, &declared)
}
