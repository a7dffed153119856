//! Expressions of the tensor language against PyTorch in float64: values, dtypes, shapes, the gradients
//! of every input, and what must fail. `script.json` holds the cases, `script.py` makes them.

use crate::script::host::plain_engine;
use crate::support::{golden_json, weights};
use rhai::{Dynamic, Engine, EvalAltResult, Scope};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use stillroom::error::{Error, Kind};
use stillroom::tensor::{DType, Device, Tensor};

const ABSOLUTE: f64 = 1e-6;
const RELATIVE: f64 = 1e-5;

#[derive(Deserialize)]
struct File {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    script: String,
    inputs: Vec<Array>,
    value: Option<Array>,
    /// One for each input; `None` where no gradient flows. Not there where none is compared.
    gradients: Option<Vec<Option<Vec<Value>>>>,
    /// The script must end in an error of ours.
    #[serde(default)]
    fails: bool,
    /// A tolerance wider than the others', and the reason.
    relative: Option<f64>,
    why: Option<String>,
}

/// A dtype, a shape, and the elements in row-major order.
#[derive(Deserialize)]
struct Array(String, Vec<usize>, Vec<Value>);

fn float(value: &Value) -> f64 {
    match value.as_str() {
        Some(word) => word.parse().expect("nan, inf or -inf"),
        None => value.as_f64().expect("a number"),
    }
}

impl Array {
    fn tensor(&self) -> stillroom::error::Result<Tensor> {
        let Array(dtype, shape, values) = self;
        let device = Device::default();
        let integer = |value: &Value| value.as_i64().expect("an integer");
        let flag = |value: &Value| value.as_bool().expect("a bool");
        match dtype.as_str() {
            "f32" => {
                let values = values.iter().map(|value| float(value) as f32).collect();
                Tensor::from_values(values, shape, &device)?.tracked()
            }
            "i64" => Tensor::from_integers(values.iter().map(integer).collect(), shape, &device),
            _ => Tensor::from_bools(values.iter().map(flag).collect(), shape, &device),
        }
    }
}

/// What is wrong with one array, if anything is.
fn compared(found: &Tensor, expected: &Array, relative: f64) -> Result<(), String> {
    let Array(dtype, shape, values) = expected;
    if found.dtype().name() != dtype || found.shape() != *shape {
        let words = found.describe();
        return Err(format!("{words} instead of {dtype} {shape:?}"));
    }
    if found.dtype() == DType::F32 {
        let numbers = found.to_values().map_err(|error| error.to_string())?;
        return near(&numbers, values, relative);
    }
    let numbers = found.to_integers().map_err(|error| error.to_string())?;
    let whole = |value: &Value| value.as_i64().or(value.as_bool().map(i64::from));
    let wanted: Vec<i64> = values.iter().filter_map(whole).collect();
    if numbers == wanted { Ok(()) } else { Err(format!("{numbers:?} instead of {wanted:?}")) }
}

fn near(found: &[f32], expected: &[Value], relative: f64) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} numbers instead of {}", found.len(), expected.len()));
    }
    let expected: Vec<f64> = expected.iter().map(float).collect();
    let fits = |found: f64, expected: f64| {
        let close = (found - expected).abs() <= ABSOLUTE + relative * expected.abs();
        let finite = found.is_finite() && expected.is_finite();
        found == expected || (found.is_nan() && expected.is_nan()) || (finite && close)
    };
    let wrong = found.iter().zip(&expected).position(|(a, b)| !fits(f64::from(*a), *b));
    match wrong {
        None => Ok(()),
        Some(at) if found.len() > 12 => {
            Err(format!("[{at}] is {} instead of {}", found[at], expected[at]))
        }
        Some(_) => Err(format!("{found:?} instead of {expected:?}")),
    }
}

/// Evaluates the script with its inputs in scope.
fn evaluated(
    engine: &Engine,
    case: &Case,
    inputs: &[Tensor],
) -> Result<Tensor, Box<EvalAltResult>> {
    let mut scope = Scope::new();
    for (name, input) in ["a", "b", "c", "d", "e"].into_iter().zip(inputs) {
        scope.push(name, input.clone());
    }
    let value = engine.eval_with_scope::<Dynamic>(&mut scope, &case.script)?;
    let kind = value.type_name();
    value.try_cast::<Tensor>().ok_or_else(|| format!("a value of type {kind}").into())
}

/// The error of ours that a script ended with.
fn own(error: &EvalAltResult) -> Option<Error> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(value, _) => {
            value.read_lock::<Error>().map(|error| error.clone())
        }
        _ => None,
    }
}

/// An error must be one of ours: a function that does not exist refuses nothing.
fn refused(outcome: Result<Tensor, Box<EvalAltResult>>) -> Result<(), String> {
    let error = match outcome {
        Ok(value) => return Err(format!("{} instead of an error", value.describe())),
        Err(error) => error,
    };
    match own(&error) {
        Some(own) if own.kind() != Kind::Internal => Ok(()),
        // The engine's own refusal of an index; `diagnose` gives it our words.
        None if matches!(error.unwrap_inner(), EvalAltResult::ErrorIndexingType(..)) => Ok(()),
        _ => Err(format!("an error that is not ours: {error}")),
    }
}

fn gradients(
    value: &Tensor,
    inputs: &[Tensor],
    expected: &[Option<Vec<Value>>],
    relative: f64,
) -> Result<(), String> {
    let words = |error: Error| error.to_string();
    let weighted = value.mul(&weights(value)).and_then(|product| product.sum()).map_err(words)?;
    let found = match weighted.is_tracked() {
        true => Some(weighted.backward().map_err(words)?),
        false => None,
    };
    for (index, (input, expected)) in inputs.iter().zip(expected).enumerate() {
        let gradient = found.as_ref().and_then(|found| found.of(input));
        let compared = match (gradient, expected) {
            (None, None) => Ok(()),
            // There is nothing in it that could differ.
            (None, Some(_)) if input.count() == 0 => Ok(()),
            (None, Some(_)) => Err("no gradient".to_string()),
            (Some(_), None) => Err("a gradient where none flows".to_string()),
            (Some(found), Some(_)) if found.shape() != input.shape() => {
                Err(format!("shape {:?}", found.shape()))
            }
            (Some(found), Some(expected)) => {
                near(&found.to_values().map_err(words)?, expected, relative)
            }
        };
        compared.map_err(|problem| format!("gradient {index}: {problem}"))?;
    }
    Ok(())
}

fn held(engine: &Engine, case: &Case) -> Result<(), String> {
    let inputs: stillroom::error::Result<Vec<Tensor>> =
        case.inputs.iter().map(Array::tensor).collect();
    let inputs = inputs.map_err(|error| format!("inputs: {error}"))?;
    let outcome = evaluated(engine, case, &inputs);
    if case.fails {
        return refused(outcome);
    }
    let value =
        outcome.map_err(|error| own(&error).map_or(error.to_string(), |own| own.to_string()))?;
    let relative = case.relative.unwrap_or(RELATIVE);
    let expected = case.value.as_ref().ok_or("the case has no value")?;
    compared(&value, expected, relative).map_err(|problem| format!("value: {problem}"))?;
    match &case.gradients {
        Some(expected) => gradients(&value, &inputs, expected, relative),
        None => Ok(()),
    }
}

fn cases() -> BTreeMap<String, Case> {
    golden_json::<File>("script.json").cases
}

/// Whether a case is about numbers that shaders may take for granted not to come up: what is no number, infinities, and
/// powers of 0. The guide to graphics cards lists them.
fn is_beyond_shaders(name: &str) -> bool {
    const WORDS: [&str; 5] = ["not finite", "infinite", "special", "NaN", "device"];
    const POWERS: [&str; 9] = [
        "binary/power, gradients at 0",
        "elementwise/0 to the power",
        "elementwise/power (-0.5)",
        "elementwise/power (-1.0 / 0.0)",
        "elementwise/power (-2)",
        "elementwise/power (0.0 / 0.0)",
        "elementwise/power (1.0 / 0.0)",
        "elementwise/power 0.5",
        "elementwise/power 1e300",
    ];
    let beyond = WORDS.iter().any(|word| name.contains(word)) || POWERS.contains(&name);
    beyond && !Device::default().is_cpu()
}

/// Runs all cases of a group, and tells of every one that does not hold.
fn run(group: &str) {
    let engine = plain_engine();
    let (mut count, mut failures) = (0, Vec::new());
    for (name, case) in cases() {
        if name.split('/').next() != Some(group) {
            continue;
        }
        if is_beyond_shaders(&name) {
            continue;
        }
        count += 1;
        let outcome = catch_unwind(AssertUnwindSafe(|| held(&engine, &case)));
        let problem = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(problem)) => problem,
            Err(_) => "a panic".to_string(),
        };
        failures
            .push(format!("{name}\n    {}\n    {problem}", case.script.replace('\n', "\n    ")));
    }
    assert!(count > 0, "no case of the group {group}");
    assert!(
        failures.is_empty(),
        "{} of {count} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

macro_rules! groups {
    ($($group:ident),*) => {
        $(#[test]
        fn $group() {
            run(stringify!($group));
        })*

        const GROUPS: &[&str] = &[$(stringify!($group)),*];
    };
}

groups!(elementwise, binary, reduce, shape, product, convolution, loss, make, method, composite);

/// Everything that a script can do with tensors.
const FUNCTIONS: &str = "tensor tensor::zeros tensor::ones tensor::full tensor::arange tensor::linspace \
    tensor::eye tensor::uniform tensor::normal tensor::permutation tensor::load tensor::save save \
    to item to_array maximum minimum max min clamp clamp_min clamp_max where exp log log1p expm1 sqrt \
    rsqrt abs sign floor ceil round sin cos tanh erf sigmoid log_sigmoid relu leaky_relu elu gelu silu \
    softplus hardswish is_nan is_inf sum mean prod any all logsumexp var std norm argmin argmax cumsum \
    cumprod topk sort argsort reshape flatten permute transpose squeeze unsqueeze expand cat stack split \
    chunk narrow flip roll pad repeat gather scatter scatter_add index_select masked_fill masked_select \
    one_hot tril triu unfold matmul outer einsum cdist cosine_similarity normalize linear conv1d conv2d \
    conv_transpose2d max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool1d \
    adaptive_avg_pool2d interpolate layer_norm group_norm rfft stft softmax log_softmax cross_entropy \
    bce kl_div mse l1 smooth_l1 cosine_loss requires_grad backward of grad detach no_grad";

const PROPERTIES: [&str; 6] = [".shape", ".rank", ".count", ".dtype", ".device", ".tracked"];

const OPERATORS: [&str; 16] = [
    " + ", " - ", " * ", " / ", " % ", " ** ", " == ", " != ", " < ", " <= ", " > ", " >= ", " & ",
    " | ", " @ ", "!",
];

#[test]
fn every_function_of_the_language_is_in_some_case() {
    let cases = cases();
    assert!(cases.len() >= 1300, "only {} cases", cases.len());
    let called = |script: &str, word: &str| {
        script.match_indices(word).any(|(at, _)| {
            !script[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        })
    };
    let used = |word: &str| cases.values().any(|case| !case.fails && called(&case.script, word));
    let functions = FUNCTIONS.split_whitespace().filter(|name| !used(&format!("{name}(")));
    let missing: Vec<&str> = functions.collect();
    assert!(missing.is_empty(), "in no case: {missing:?}");
    for word in PROPERTIES.into_iter().chain(OPERATORS) {
        assert!(cases.values().any(|case| case.script.contains(word)), "in no case: {word}");
    }
}

#[test]
fn every_case_is_run_and_compares_something() {
    for (name, case) in cases() {
        let group = name.split('/').next().unwrap_or_default();
        assert!(GROUPS.contains(&group), "{name}: no test runs this group");
        assert!(case.fails != case.value.is_some(), "{name}: must have a value or fail");
        assert_eq!(case.relative.is_some(), case.why.is_some(), "{name}: a tolerance says why");
        assert!(case.relative.is_none_or(|relative| relative <= 5e-5), "{name}: too wide");
    }
}
