//! AudioSet's ontology: which sound is one of which other.

use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    child_ids: Vec<String>,
}

/// Which class stands above which.
#[derive(Clone, Debug, Default)]
pub struct Ontology {
    parents: BTreeMap<String, Vec<String>>,
}

impl Ontology {
    /// Reads `ontology.json`: a list of nodes with `id` and `child_ids`.
    ///
    /// # Errors
    /// A file that cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self> {
        let text = crate::disk::read_text(path)?;
        let nodes: Vec<Node> = serde_json::from_str(&text).map_err(|cause| {
            let doing = format!("reading {}", path.display());
            Error::new(Kind::Data, doing, "it is no ontology")
                .expected(r#"[{"id": "/m/…", "name": "…", "child_ids": ["/m/…"]}, …]"#)
                .received(cause.to_string())
        })?;
        let mut own = Ontology::default();
        for node in nodes {
            for child in node.child_ids {
                own.parents.entry(child).or_default().push(node.id.clone());
            }
        }
        Ok(own)
    }

    /// All nodes above one, whatever the way; a ring ends where it began.
    pub fn ancestors(&self, id: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(node) = open.pop() {
            for parent in self.parents.get(node).into_iter().flatten() {
                if found.insert(parent.as_str()) {
                    open.push(parent);
                }
            }
        }
        found
    }

    /// Adds the classes above those of a clip, as far as a set has them.
    pub fn propagate(&self, labels: &mut Vec<usize>, class_ids: &[String]) {
        let own: Vec<&str> =
            labels.iter().filter_map(|l| class_ids.get(*l)).map(String::as_str).collect();
        let above: BTreeSet<&str> = own.iter().flat_map(|id| self.ancestors(id)).collect();
        for (index, id) in class_ids.iter().enumerate() {
            if above.contains(id.as_str()) && !labels.contains(&index) {
                labels.push(index);
            }
        }
        labels.sort_unstable();
    }
}
