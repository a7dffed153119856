//! `still gc`: frees what no run needs.

use super::out;
use super::runs::Place;
use super::words::{bytes, counted};
use crate::error::Result;
use crate::run::store::{Freed, gc};
use clap::Args;
use serde_json::json;

/// Free what no run needs: results that no run refers to, what was damaged or left half done, and
/// checkpoints of runs that ended.
#[derive(Args)]
pub(super) struct Gc {
    /// Say what would be freed, and free nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print it as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Gc {
    pub(super) fn run(self) -> Result<()> {
        let home = self.place.home()?;
        let freed = gc(&home, self.dry_run)?;
        if self.json {
            let mut all = json!(freed);
            if let Some(all) = all.as_object_mut() {
                all.insert("dry_run".into(), json!(self.dry_run));
            }
            out(&all.to_string());
            return Ok(());
        }
        out(&told(&freed, self.dry_run));
        Ok(())
    }
}

fn told(freed: &Freed, dry: bool) -> String {
    let parts = [
        (freed.objects, "result that no run refers to", "results that no run refers to"),
        (freed.damaged, "damaged result", "damaged results"),
        (freed.drafts, "half-written file", "half-written files"),
        (freed.checkpoints, "ended run's checkpoints", "ended runs' checkpoints"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    let young = match freed.young {
        0 => String::new(),
        young => format!(
            ", {young} of them only since a result stays for ten minutes after it was written or used"
        ),
    };
    let kept = match freed.kept {
        0 => String::new(),
        kept => format!("; {} kept{young}", counted(kept, "result")),
    };
    match (parts.is_empty(), dry) {
        (true, _) => format!("nothing to free{kept}"),
        (false, true) => format!("would free {}: {}{kept}", bytes(freed.bytes), parts.join(", ")),
        (false, false) => format!("freed {}: {}{kept}", bytes(freed.bytes), parts.join(", ")),
    }
}
