//! The methods that are written in Rhai and embedded in the binary: `import "std/hinton" as hinton;`.

use super::catalogue::bare;
use rhai::{Engine, FnAccess};

/// One module of the standard library.
#[derive(Clone, Copy, Debug)]
pub struct StdModule {
    /// What it is imported as: `std/hinton`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A function that a module offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// Its comment as Markdown.
    pub comment: String,
}

impl Offered {
    /// How it is called.
    pub fn form(&self) -> String {
        format!("{}({})", self.name, self.parameters.join(", "))
    }
}

impl StdModule {
    /// What it is for: the first line of its `//!` text.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or("").trim_start_matches("//!").trim()
    }

    /// The whole of its `//!` text.
    pub fn about(&self) -> String {
        let lines: Vec<&str> =
            self.text.lines().take_while(|line| line.starts_with("//!")).collect();
        bare(&lines)
    }

    /// Its functions, in the order in which they stand; tests are no part of what it offers.
    pub fn offers(&self, engine: &Engine) -> Vec<Offered> {
        // A module that does not compile offers nothing; tests see to it that each does.
        let ast = engine.compile(self.text).unwrap_or_default();
        let place = |name: &str| self.text.find(&format!("fn {name}("));
        let mut all: Vec<Offered> = ast
            .iter_functions()
            .filter(|known| known.access == FnAccess::Public && !known.name.starts_with("test_"))
            // A closure is a function of no name that anybody could write.
            .filter(|known| !known.name.starts_with("anon$"))
            .map(|known| Offered {
                name: known.name.to_string(),
                parameters: known.params.iter().map(|name| name.to_string()).collect(),
                comment: bare(&known.comments),
            })
            .collect();
        all.sort_by_key(|known| (place(&known.name), known.parameters.len()));
        all
    }
}

/// The modules of these names, by their files.
macro_rules! modules {
    ($($name:literal)*) => {
        /// All modules, in order of their names.
        pub const MODULES: [StdModule; [$($name),*].len()] = [$(StdModule {
            name: concat!("std/", $name),
            text: include_str!(concat!("../../stdlib/", $name, ".rhai")),
        }),*];
    };
}

modules! {
    "activation_boundaries" "annealing" "attention_transfer" "bce_kd" "byot" "cc" "crd" "ctkd" "deit"
    "dist" "dkd" "factor_transfer" "feature_match" "fitnets" "fsp" "function_matching" "hinton"
    "ickd" "judge" "label_enhancement" "logit_match" "logit_std" "minilm" "mld" "nkd"
    "noisy_student" "ofd" "pad" "pkt" "progressive"
    "repeat" "reviewkd" "rkd" "settings" "smoothing" "sp" "srd" "sskd" "teacher_free" "teachers"
    "tinybert" "vid"
}

/// The module that is imported as `name`.
pub fn find(name: &str) -> Option<StdModule> {
    MODULES.into_iter().find(|module| module.name == name)
}
