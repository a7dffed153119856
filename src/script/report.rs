//! Binding of `report`.

use super::Host;
use super::options::Options;
use super::raise::{Raw, raw};
use super::register::comments;
use super::value::native_of;
use crate::error::{Error, Result, unknown};
use crate::report::{Expected, Options as About};
use crate::train::Trained;
use rhai::{Array, Engine, FuncRegistration, Map, Module};
use std::sync::Arc;

const REPORT_DOC: &[&str] = &comments! {
    /// Prints a table of stages: accuracy, best, parameters, time; at the run's end they stand in `report.html` in its
    /// folder, with figures and what the numbers say of the claim in the recipe's header.
    ///
    /// ```rhai,stage
    /// let one = train(model, common + #{ name: "one" });
    /// let two = train(model, common + #{ name: "two", seed: 2 });
    /// report([one, two]);
    /// assert(one.seconds > 0.0);
    /// ```
};
const OPTIONS_DOC: &[&str] = &comments! {
    /// The same, and says what the claim is and how it is judged.
    ///
    /// Options: `claim` and `title` (what the recipe's header says), `baseline` (the stage that others are compared with; a
    /// name with "alone", "baseline" or "control" in it, or else a stage that is built like a student and learns from labels),
    /// `about` (the stage that the claim is about; all but baseline and teachers), `expected` ("better"; "worse", "same": what is
    /// claimed of it, compared with the baseline), `margin` (0: the least difference that counts, as a share).
    /// Seeds and folds in names of stages, as in "taught, fold 2, seed 1", make them one stage of several results.
    ///
    /// Errors: what is no stage, an unknown option or name of a stage.
    ///
    /// ```rhai,stage
    /// let one = train(model, common + #{ name: "one" });
    /// let two = train(model, common + #{ name: "two", seed: 2 });
    /// report([one, two], #{ baseline: "one", claim: "another seed changes nothing", expected: "same", margin: 0.5 });
    /// assert(one.seconds > 0.0);
    /// ```
};

/// `report`, which needs the host.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    let asked = host.clone();
    FuncRegistration::new("report")
        .in_global_namespace()
        .with_comments(REPORT_DOC)
        .with_params_info(["stages: Array", "()"])
        .set_into_module(&mut module, move |stages: Array| -> Raw<()> {
            raw(report(asked.as_ref(), &stages, Map::new()))
        });
    let asked = host.clone();
    FuncRegistration::new("report")
        .in_global_namespace()
        .with_comments(OPTIONS_DOC)
        .with_params_info(["stages: Array", "options: Map", "()"])
        .set_into_module(&mut module, move |stages: Array, options: Map| -> Raw<()> {
            raw(report(asked.as_ref(), &stages, options))
        });
    engine.register_global_module(module.into());
}

fn report(host: &dyn Host, stages: &Array, options: Map) -> Result<()> {
    let options = Options::new("report", options)?;
    let trained = |(index, stage)| {
        let what = format!("stages[{index}]");
        native_of::<Trained>("report", &what, "what train(…) or distill(…) gave", stage)
    };
    if stages.is_empty() {
        host.warn("report([]) has no stages, so it shows nothing");
    }
    let stages = stages.iter().enumerate().map(trained).collect::<Result<Vec<_>>>()?;
    host.report(&stages, &asked(&options, &stages)?)
}

/// What a report is asked to be about.
fn asked(options: &Options, stages: &[Trained]) -> Result<About> {
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let stage = |key: &str| -> Result<Option<String>> {
        let Some(name) = options.text(key)? else { return Ok(None) };
        // Without seed and fold a name stands for several.
        match names.iter().any(|own| own.starts_with(&name)) {
            true => Ok(Some(name)),
            false => Err(unknown(&format!("report, option '{key}'"), "stage", &name, &names)),
        }
    };
    let expected = match options.text("expected")? {
        None => Expected::default(),
        Some(name) => Expected::named(&name).ok_or_else(|| {
            unknown("report", "outcome", &name, &Expected::NAMES.map(|(name, _)| name))
        })?,
    };
    let mut margin = 0.0;
    options.number("margin", &mut margin)?;
    if !(0.0..=1.0).contains(&margin) || (expected == Expected::Same && margin == 0.0) {
        return Err(Error::out_of_range(
            "report",
            "margin",
            "a share from 0 to 1, e.g. 0.02 for two points; above 0 where \"same\" is expected",
            margin,
        ));
    }
    Ok(About {
        title: options.text("title")?,
        claim: options.text("claim")?,
        baseline: stage("baseline")?,
        about: stage("about")?,
        expected,
        margin,
        ..About::default()
    })
}
