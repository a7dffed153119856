//! A host that evaluates scripts and trains nothing.

use crate::support::example;
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext, Scope};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use stillroom::data::{Caches, Dataset, FrontEnd};
use stillroom::error::{Error, Kind, Result};
use stillroom::script::diagnose::Knowledge;
use stillroom::script::{
    Callable, HookSources, Host, Kept, Meter, Resolver, Signatures, Sources, engine,
};
use stillroom::tensor::Device;
use stillroom::train::{Features, Plan, Trained};

/// Who asks for this argument makes the host panic, as a defect would.
const PANIC: &str = "panic";

#[derive(Default)]
struct Plain {
    /// The engine that functions are called in; weak, since it holds its host.
    engine: OnceLock<Weak<Engine>>,
    sources: Sources,
    meter: Meter,
}

/// Where the scripts' files go: not into the repository.
fn files() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

impl Host for Plain {
    fn argument(&self, name: &str) -> Option<String> {
        assert_ne!(name, PANIC, "asked to");
        None
    }

    fn seed(&self) -> u64 {
        0
    }

    fn workers(&self) -> usize {
        0
    }

    fn device(&self) -> Device {
        Device::default()
    }

    fn example_data(&self) -> Result<PathBuf> {
        Ok(example().to_path_buf())
    }

    fn readable(&self, _: &str, path: &str) -> Result<PathBuf> {
        Ok(files().join(path))
    }

    fn readable_folder(&self, _: &str, path: &str) -> Result<PathBuf> {
        Ok(files().join(path))
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn writable(&self, _: &str, path: &str) -> Result<PathBuf> {
        Ok(files().join(path))
    }

    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features> {
        Features::of(data, front, &self.caches())
    }

    fn caches(&self) -> Arc<Caches> {
        Arc::new(Caches::none())
    }

    fn stage(&self, _: &Engine, plan: &Plan, _: &HookSources) -> Result<Trained> {
        plan.check()?;
        Err(Error::new(Kind::Script, plan.operation(), "this host does not train"))
    }

    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        let (kept, engine) = (Kept::of(call, pointer), self.engine.get().cloned());
        let (engine, sources) = (engine.unwrap_or_default(), self.sources.clone());
        Ok(Arc::new(move |arguments| {
            let gone = || Error::new(Kind::Internal, "a function", "its engine is gone");
            let engine = engine.upgrade().ok_or_else(gone)?;
            kept.call(&engine, arguments).map_err(|cause| {
                let signatures = Signatures::of(&engine);
                let knowledge = Knowledge { sources: &sources, signatures: &signatures };
                knowledge.run_error(cause, "")
            })
        }))
    }

    fn report(&self, _: &[Trained], _: &stillroom::report::Options) -> Result<()> {
        Ok(())
    }

    fn say(&self, _: &str) {}

    fn interruption(&self) -> Option<Error> {
        None
    }
}

/// A host that trains nothing.
pub fn plain_host() -> Arc<dyn Host> {
    Arc::new(Plain::default())
}

/// The engine of a host that trains nothing; imports come from the standard library only.
pub fn plain_engine() -> Engine {
    engine(&plain_host(), Resolver::new(&PathBuf::from("/nowhere")))
}

/// As [`plain_engine`], for networks that call functions back.
pub fn calling_engine() -> Arc<Engine> {
    let host = Arc::new(Plain::default());
    connected(&host)
}

fn connected(host: &Arc<Plain>) -> Arc<Engine> {
    let shared: Arc<dyn Host> = host.clone();
    let engine = Arc::new(engine(&shared, Resolver::new(&PathBuf::from("/nowhere"))));
    host.engine.set(Arc::downgrade(&engine)).expect("set once");
    engine
}

/// The value of a script, or the whole text of its error.
pub fn evaluate(text: &str) -> std::result::Result<Dynamic, String> {
    let mut sources = Sources::default();
    sources.add("script", text);
    let host = Arc::new(Plain { sources: sources.clone(), ..Plain::default() });
    let engine = connected(&host);
    let signatures = Signatures::of(&engine);
    let knowledge = Knowledge { sources: &sources, signatures: &signatures };
    let mut ast = engine
        .compile_with_scope(&Scope::new(), text)
        .map_err(|cause| knowledge.compile_error(&cause, "script").to_string())?;
    ast.set_source("script");
    engine
        .eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &ast)
        .map_err(|cause| knowledge.run_error(cause, "script").to_string())
}

/// The text of the error that a script must end with.
#[track_caller]
pub fn fails(text: &str) -> String {
    match evaluate(text) {
        Ok(value) => panic!("no error but {value}"),
        Err(error) => error,
    }
}

/// Fails unless the script gives true.
#[track_caller]
pub fn holds(text: &str) {
    match evaluate(text) {
        Ok(value) if value.as_bool() == Ok(true) => {}
        Ok(value) => panic!("{text}\ngives {value}"),
        Err(error) => panic!("{text}\n{error}"),
    }
}

/// Fails unless every script gives true.
#[track_caller]
pub fn all_hold(texts: &[&str]) {
    for text in texts {
        holds(text);
    }
}

/// Whether a line of an error belongs to the excerpt.
pub fn is_drawn(line: &str) -> bool {
    ["╭─[", " │ ", "   · ", "  · ", "╰───", "-->"].iter().any(|mark| line.contains(mark))
}

/// What an error says in one line, without its places.
pub fn in_a_line(error: &str) -> String {
    let said = error.lines().filter(|line| !is_drawn(line));
    let said = said.filter(|line| !line.contains("reached from"));
    said.map(str::trim).collect::<Vec<_>>().join(" | ")
}
