//! The methods that are written in Rhai and embedded in the binary: `import "std/hinton" as hinton;`.

/// One module of the standard library.
#[derive(Clone, Copy, Debug)]
pub struct StdModule {
    /// What it is imported as: `std/hinton`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl StdModule {
    /// What it is for: the first line of its `//!` text.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or("").trim_start_matches("//!").trim()
    }
}

/// All modules, in order of their names.
pub const MODULES: [StdModule; 2] = [
    StdModule { name: "std/hinton", text: include_str!("../../stdlib/hinton.rhai") },
    StdModule { name: "std/smoothing", text: include_str!("../../stdlib/smoothing.rhai") },
];

/// The module that is imported as `name`.
pub fn find(name: &str) -> Option<StdModule> {
    MODULES.into_iter().find(|module| module.name == name)
}
