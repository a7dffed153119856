//! The recipe language: a Rhai engine, and one thin binding file for each noun.
//!
//! A binding converts its arguments, calls the noun's module, and converts the result; what it says
//! in its doc comment is the function's documentation, and its example is run as a test. The host
//! (whoever runs recipes) is known here only as the trait [`Host`].

mod absent;
mod arg;
mod assert;
mod audio;
mod augment;
pub mod catalogue;
mod caught;
mod compare;
mod context;
mod convolution;
mod data;
pub mod definitions;
pub mod diagnose;
mod engine;
mod foreign;
mod habits;
mod hook;
mod host;
mod kd;
mod keep;
mod kept;
mod keys;
mod known;
mod loss;
mod meant;
mod meter;
mod metrics;
mod models;
pub mod names;
mod nets;
mod network;
mod nn;
mod operations;
mod optim;
mod options;
mod output;
mod part;
mod pooling;
mod pretrained;
mod pytorch;
mod raise;
pub mod reference;
mod register;
mod report;
mod resolver;
mod schedule;
mod seen;
mod sheet;
mod signatures;
mod spectrum;
mod stage;
pub mod stdlib;
mod step;
mod stored;
mod strings;
mod teaching;
mod tensor;
mod train;
mod trained;
mod truth;
mod undefined;
mod value;
mod weights;
mod whole;
mod written;

pub use arg::{needed, parse_argument};
pub use catalogue::{Catalogue, Sort, entries};
pub use context::{Context, Desk, LOGGED_NAMES, LOGGED_NUMBERS, NAME_BYTES, check_name};
pub use data::CLIP_KEYS;
pub use diagnose::{Sources, called};
pub use engine::{LIMITS, SOURCE_BYTES, engine, limit};
pub use foreign::model as other_name;
pub use habits::imports as imports_otherwise;
pub use hook::Hook;
pub use host::{Callable, HookSource, HookSources, Host};
pub use keep::{Known, functions_in, keep, take_up};
pub use kept::Kept;
pub use known::{OptionKey, keys_of, options_of};
pub use meter::{MAX_OPERATIONS, Meter, PRINTED_BYTES, PRINTED_BYTES_A_STEP, SCRIPT_BYTES, Said};
pub use options::unknown_option;
pub use output::{json_of, text_of};
pub use raise::{Raw, raised, raw};
pub use resolver::{ANCESTORS, Imports, Resolver};
pub use sheet::csv_of;
pub use signatures::{Signatures, Vocabulary};
pub use trained::readings;
pub use value::{kind_of, number_of};
pub use written::option_at;

use rhai::{Engine, Module, exported_module};
use std::sync::Arc;

/// Binds every noun, in the order of the flow.
fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    name_types(engine);
    engine.register_global_module(truth::module().into());
    engine.register_global_module(exported_module!(caught::bindings).into());
    tensor::bind(engine, host);
    nn::bind(engine, host);
    engine.register_global_module(exported_module!(convolution::bindings).into());
    engine.register_global_module(exported_module!(pooling::bindings).into());
    engine.register_global_module(exported_module!(spectrum::bindings).into());
    audio::bind(engine, host);
    data::bind(engine, host);
    augment::bind(engine, host);
    models::bind(engine, host);
    engine.register_static_module("metrics", metrics::module().into());
    let mut of_kd = exported_module!(kd::bindings);
    stored::namespaced(&mut of_kd, host);
    engine.register_static_module("kd", of_kd.into());
    let mut functions = Module::new();
    stored::methods(&mut functions);
    loss::functions(&mut functions);
    nets::functions(&mut functions);
    weights::functions(&mut functions, host);
    step::functions(&mut functions);
    whole::functions(&mut functions);
    engine.register_global_module(functions.into());
    engine.register_static_module("optim", exported_module!(optim::bindings).into());
    engine.register_static_module("schedule", schedule::module().into());
    engine.register_global_module(exported_module!(context::bindings).into());
    engine.register_global_module(exported_module!(seen::bindings).into());
    engine.register_global_module(exported_module!(trained::getters).into());
    train::bind(engine, host);
    report::bind(engine, host);
    arg::bind(engine, host);
    engine.register_global_module(exported_module!(assert::bindings).into());
}

/// The names of our types in messages and in `type_of`.
fn name_types(engine: &mut Engine) {
    engine
        .register_type_with_name::<crate::tensor::Tensor>("Tensor")
        .register_type_with_name::<tensor::GradientsHandle>("Gradients")
        .register_type_with_name::<crate::nn::Net>("Network")
        .register_type_with_name::<crate::nn::Parameter>("Parameter")
        .register_type_with_name::<crate::data::FrontEnd>("FrontEnd")
        .register_type_with_name::<data::DatasetHandle>("Dataset")
        .register_type_with_name::<crate::data::Batch>("Batch")
        .register_type_with_name::<data::BatchList>("Batches")
        .register_type_with_name::<augment::Step>("Augmentation")
        .register_type_with_name::<crate::models::Spec>("Model")
        .register_type_with_name::<crate::models::weights::Report>("LoadReport")
        .register_type_with_name::<crate::optim::OptimizerHandle>("Optimizer")
        .register_type_with_name::<crate::train::Trained>("Trained")
        .register_type_with_name::<crate::train::StoredLogits>("StoredLogits")
        .register_type_with_name::<Context>("Context")
        .register_type_with_name::<crate::error::Error>("Error");
    engine.register_fn("to_string", |error: &mut crate::error::Error| error.headline());
}
