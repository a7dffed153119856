//! `still check` within a session: statements one by one, stages on made-up clips. One that fails does not keep the
//! others from being tried.

use super::check::unfit;
use super::compile::{Compiled, Compiler};
use super::inspect::CHANGES;
use super::session::{Session, lock, stopped};
use super::setup::Entry;
use super::suspect;
use crate::error::{Error, Kind, Result, Severity};
use crate::models::weights::Report;
use crate::script::{Hook, HookSources, option_at};
use crate::train::{Plan, Sample, StageKind, Trained, dry_run};
use rhai::{AST, ASTNode, Dynamic, Engine, Expr, Scope, Stmt};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What a statement that is only tried may take; the data of a recipe may be large.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stage that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The stage's name.
    pub stage: String,
    /// Its sort.
    pub kind: StageKind,
    /// The student's model.
    pub model: String,
    /// The teacher's name, where there is one.
    pub teacher: Option<String>,
    /// The student's parameters.
    pub parameters: usize,
    /// What became of the file's weights that the student begins with.
    pub pretrained: Option<Report>,
    /// Shape of a batch that the student gets: `[batch, frames, mels]`.
    pub input: Vec<usize>,
    /// Shape of what it gives for that, where it gives anything.
    pub output: Option<Vec<usize>>,
    /// The loss of the step on made-up clips.
    pub loss: Option<f64>,
    /// Epochs.
    pub epochs: usize,
    /// Steps of an epoch.
    pub steps_per_epoch: usize,
    /// The schedules over the stage.
    pub schedule: Vec<Sample>,
    /// Mistakes that were found.
    pub failures: usize,
}

/// Statements of a recipe, one after another, with what cannot be known.
struct Walk {
    /// Variables whose value a statement that failed should have given.
    unknown: BTreeSet<String>,
    /// Whether a `return` may have ended the recipe before.
    may_have_ended: bool,
    /// Whether a stage was tried: what comes after may depend on results that there are not.
    tried: bool,
    /// Whether a statement was left out that stores what somebody says: what reads it finds no file.
    unstored: bool,
}

impl Session {
    /// Runs each statement of a recipe. What depends on one that failed is left out.
    ///
    /// # Errors
    /// Only that it was stopped; mistakes are told to the display.
    pub(super) fn each_statement(
        &self,
        engine: &Engine,
        compiler: &Compiler,
        compiled: &Compiled,
    ) -> Result<()> {
        let mut global = engine.new_global_runtime_state();
        // Where a variable is missing, the others are not where they were counted to be.
        global.always_search_scope = true;
        global.source = compiled.ast.source().map(Into::into);
        global.lib.push(compiled.ast.shared_lib().clone());
        let mut caches = rhai::Caches::new();
        let mut scope = Scope::new();
        let mut walk =
            Walk { unknown: BTreeSet::new(), may_have_ended: false, tried: false, unstored: false };
        let knowledge = compiler.knowledge(&compiled.sources);
        for statement in compiled.ast.statements() {
            if self.signals.stop.load(Ordering::Relaxed) {
                return Err(stopped());
            }
            let touched = Touched::by(statement);
            let known = touched.reads.is_disjoint(&walk.unknown);
            if known {
                *lock(&self.until) = Some(Instant::now() + PATIENCE);
                let before = self.claimed();
                #[allow(deprecated)]
                // no release is planned to change it, says its documentation
                let outcome = engine.eval_statements_raw(
                    &mut global,
                    &mut caches,
                    &mut scope,
                    std::slice::from_ref(statement),
                );
                *lock(&self.until) = None;
                walk.tried |= self.claimed() > before;
                let may_have_ended = walk.may_have_ended;
                walk.may_have_ended |= touched.returns;
                match outcome {
                    // Nothing after it would run.
                    Ok(_) if matches!(statement, Stmt::Return(..)) => break,
                    Ok(_) => continue,
                    Err(cause) => {
                        let error = knowledge.run_error(cause, &compiled.source.name);
                        if error.kind() == Kind::Interrupted {
                            return Err(error);
                        }
                        let report = error.report();
                        let no_file =
                            report.operation == "kd::stored" && error.kind() == Kind::File;
                        let absent = match report.operation == NOT_MADE {
                            true => Some(report.problem.as_str()),
                            false => (no_file && walk.unstored).then_some(UNSTORED),
                        };
                        match absent {
                            Some(what) => self.display().remark(&not_made(&error, what)),
                            None => {
                                let tried = walk.tried;
                                self.display().finding(&judged(error, may_have_ended, tried));
                            }
                        }
                    }
                }
            }
            walk.unstored |= touched.stores;
            for name in touched.gives {
                if scope.get(&name).is_none() {
                    scope.push_dynamic(name.as_str(), Dynamic::UNIT);
                }
                walk.unknown.insert(name);
            }
        }
        if walk.tried && walk.unknown.is_empty() {
            self.idle_hooks(compiled);
        }
        Ok(())
    }

    /// Tries a stage. Its mistakes are told; what comes after it gets the stage untrained.
    pub(super) fn try_stage(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Trained> {
        let mut hooks = self.hooks(engine, plan, sources)?;
        lock(&self.serving).note(&plan.name, &hooks.facts, &hooks.version);
        // With a hook that cannot be called, which was told, it would be another stage: shapes alone are looked at.
        let is_whole = unfit(&hooks.version.compiled).is_empty();
        if is_whole {
            for (key, warning) in suspect::before(plan, &hooks.facts, &hooks.version) {
                self.display().finding(&self.placed(warning, key));
            }
        }
        let mut dry = dry_run(plan, &mut hooks)?;
        if is_whole {
            let further = suspect::after(plan, &dry, &hooks.facts, &hooks.version).into_iter();
            dry.failures.extend(further.map(|(key, error)| self.placed(error, key)));
        } else {
            (dry.failures, dry.loss) = (Vec::new(), None);
        }
        let placed = dry.failures.into_iter().map(|failure| {
            // A number that an option gives has no function where it could stand.
            let constant = |hook: &&Hook| {
                let named = failure.report().problem.contains(&format!("'{}'", hook.name()));
                named && hooks.facts.constant(**hook).is_some()
            };
            let key = [Hook::Lambda, Hook::Tau].iter().find(constant).map(|hook| hook.name());
            self.placed(failure, key)
        });
        dry.failures = placed.collect();
        let batch = |shape: &[usize]| {
            let mut whole = shape.to_vec();
            if let Some(first) = whole.first_mut() {
                *first = plan.batch;
            }
            whole
        };
        let mut display = self.display();
        dry.failures.iter().for_each(|failure| display.finding(failure));
        display.tried(&Tried {
            stage: plan.name.clone(),
            kind: plan.kind(),
            model: plan.spec.name().to_string(),
            teacher: plan.taught_by().map(String::from),
            parameters: dry.parameters,
            pretrained: dry.trained.model.weights().cloned(),
            input: batch(&dry.input),
            output: dry.output.as_ref().map(|logits| batch(&logits.shape())),
            loss: dry.loss,
            epochs: plan.epochs,
            steps_per_epoch: dry.steps_per_epoch,
            schedule: dry.schedule,
            failures: dry.failures.iter().filter(|one| one.severity() == Severity::Error).count(),
        });
        let failed = dry.failures.iter().any(|one| one.severity() == Severity::Error);
        let makes = self.live.get().map(|live| lock(live).current());
        let makes = makes.is_some_and(|version| {
            let all = version.compiled.sources.all();
            all.into_iter().any(|(_, text)| text.contains("stage("))
        });
        if !failed
            && makes
            // Where the data cannot be read, the run will say so.
            && let Ok(Some(stored)) = self.stored_before(engine, plan, sources)
        {
            return Ok(stored);
        }
        Ok(dry.trained)
    }

    /// An error that has no place yet: at the option of the stage that is called, where the recipe shows that, else at the
    /// stage's call.
    pub(super) fn placed(&self, error: Error, key: Option<&str>) -> Error {
        let (source, at) = lock(&self.call).clone();
        let version = self.live.get().map(|live| lock(live).current());
        let (Some(version), Some(line)) = (version, at.line()) else { return error };
        let compiled = &version.compiled;
        let has_layer = error
            .report()
            .places
            .iter()
            .any(|place| place.text.is_none() && place.column.is_some());
        let error = compiled.sources.look_up(error);
        let known = !error.report().places.is_empty();
        if known && !has_layer {
            return error;
        }
        let note = if known { "reached from".to_string() } else { String::new() };
        let name = if source.is_empty() { &compiled.source.name } else { &source };
        let Some(text) = compiled.sources.text(name) else { return error };
        let at = key.and_then(|key| option_at(text, at, key, &error)).unwrap_or(at);
        match compiled.sources.at(name, at.line().unwrap_or(line), at.position(), note) {
            Some(place) => error.at(place),
            None => error,
        }
    }

    /// Whether a statement that is only tried takes too long.
    pub(super) fn too_long(&self) -> Option<Error> {
        if self.setup.entry != Entry::Check {
            return None;
        }
        let over = lock(&self.until).is_some_and(|until| Instant::now() > until);
        over.then(|| {
            let problem = "this statement takes long; it and what depends on it are not checked";
            Error::new(Kind::Script, "still check", problem)
                .expected(format!("an end within {} s", PATIENCE.as_secs()))
                .hint("what takes long belongs in a stage: each_step(…), or stage(name, inputs, Fn(…))")
                .as_warning()
        })
    }
}

/// What `stage(name, …)` says, whose function is not called.
pub(super) fn unknown_result(name: &str) -> Error {
    let problem = format!("'{name}' is not in the store, and a check does not make it");
    Error::new(Kind::Script, NOT_MADE, problem).as_warning()
}

/// The operation of that error, by which it is known again.
const NOT_MADE: &str = "a stage that is not made";

/// What a file is that a statement which was left out would have written.
const UNSTORED: &str = "the file is not written, since that needs a result";

fn not_made(error: &Error, what: &str) -> String {
    let line = error.report().places.first().map(|place| format!("line {}: ", place.line));
    format!("{}{what}; what depends on it is not checked", line.unwrap_or_default())
}

/// An assertion about results says nothing where there are none.
fn judged(error: Error, may_have_ended: bool, tried: bool) -> Error {
    if may_have_ended {
        return error.hint("a return before it may end the recipe").as_warning();
    }
    let thrown = error.report().problem == "an error was thrown";
    match tried && (thrown || error.kind() == Kind::Assertion) {
        true => error.hint("it may hold for the results of a run: a check has none").as_warning(),
        false => error,
    }
}

/// Variables that a statement reads, and those that it gives a value.
#[derive(Default)]
struct Touched {
    reads: BTreeSet<String>,
    gives: BTreeSet<String>,
    returns: bool,
    /// Whether it stores what somebody says in a file.
    stores: bool,
}

impl Touched {
    fn by(statement: &Stmt) -> Self {
        let mut touched = Touched::default();
        let ast = AST::new([statement.clone()], rhai::Module::new());
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Variable(variable, ..))) => {
                    touched.reads.insert(variable.1.to_string());
                }
                Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => {
                    touched.gives.extend(root_of(&assigned.1.lhs).map(String::from));
                }
                Some(ASTNode::Stmt(Stmt::Return(..))) => touched.returns = true,
                Some(
                    ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)),
                ) => {
                    touched.stores |= call.name == "store" && call.namespace.to_string() == "kd";
                }
                // `all.push(train(…))`: where it fails, the array lacks what should be in it.
                Some(ASTNode::Expr(Expr::Dot(parts, ..))) => {
                    if let Expr::MethodCall(call, _) = &parts.rhs
                        && CHANGES.contains(&call.name.as_str())
                    {
                        touched.gives.extend(root_of(&parts.lhs).map(String::from));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Var(declared, ..))) => {
                    touched.gives.insert(declared.0.name.to_string());
                }
                _ => {}
            }
            true
        });
        touched
    }
}

/// The variable whose value an assignment changes: `a` of `a.b[0] = 1`.
fn root_of(target: &Expr) -> Option<&str> {
    match target {
        Expr::Variable(variable, ..) => Some(&variable.1),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => root_of(&parts.lhs),
        _ => None,
    }
}
