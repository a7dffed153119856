//! What a network is, as text: two networks with the same text do the same, given equal weights.

use super::{Net, Network, Role};
use crate::tensor::words;
use std::collections::HashMap;
use std::fmt::Write;

impl Net {
    /// The network's structure: kinds, all options, parts with their names, what is out of training, frozen
    /// or shared. No weights, and nothing that differs from one process to the next.
    ///
    /// Of functions it says the names only: see [`Net::functions`].
    pub fn outline(&self) -> String {
        let mut text = String::new();
        self.tell(0, &mut text);
        let mut known: HashMap<usize, String> = HashMap::new();
        for (name, parameter) in self.parameters() {
            let mut line = format!("{name:?} {}", words(&parameter.value().shape()));
            match parameter.role() {
                Role::Buffer => line.push_str(" buffer"),
                Role::Weight if !parameter.is_trainable() => line.push_str(" frozen"),
                Role::Weight => {}
            }
            // Shared weights learn from all their uses: not the same as equal ones.
            if let Some(first) = known.get(&parameter.address()) {
                line.push_str(&format!(" is {first:?}"));
            }
            known.entry(parameter.address()).or_insert(name);
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    fn tell(&self, depth: usize, text: &mut String) {
        text.push_str(self.kind());
        if !self.is_training() {
            text.push_str(" out of training");
        }
        for said in [self.options(), &self.settings()] {
            if !said.is_empty() {
                text.push(' ');
                text.push_str(said);
            }
        }
        text.push('\n');
        for (name, part) in self.parts() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{:width$}{name:?}: ", "", width = 2 * (depth + 1));
            part.tell(depth + 1, text);
        }
    }

    /// Names of the recipe's functions that it and its parts call, each once, in the order of the alphabet.
    /// An empty one stands for all that no outline can tell: closures, and values of other types.
    pub fn functions(&self) -> Vec<String> {
        let mut all = Vec::new();
        self.gather(&mut all);
        all.sort();
        all.dedup();
        all
    }

    fn gather(&self, all: &mut Vec<String>) {
        all.extend(self.called_functions());
        self.parts().iter().for_each(|(_, part)| part.gather(all));
    }
}
