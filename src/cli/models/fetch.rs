//! `still models fetch`: published weights from a hub.

use crate::cli::data::Bar;
use crate::cli::out;
use crate::cli::words::bytes;
use crate::data::fetch::Watch;
use crate::error::{Error, Kind, Result};
use crate::models::hub::{Hub, PUBLISHED, Source};
use clap::Args;

const DOING: &str = "still models fetch";

/// Download published weights from a Hugging Face hub into its usual cache (HF_HUB_CACHE or HF_HOME; HF_ENDPOINT is another hub). What
/// was cut off goes on where it was, and the checksum is verified. A recipe finds them as pretrained: "hub:NAME".
#[derive(Args)]
pub(super) struct Fetch {
    /// A name that --list shows, or owner/repository[@revision][:file].
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Show the names that are known.
    #[arg(long)]
    list: bool,
}

impl Fetch {
    pub(super) fn run(self) -> Result<()> {
        if self.list {
            list();
            return Ok(());
        }
        let Some(name) = self.name else {
            return Err(Error::new(Kind::Usage, DOING, "no name was given")
                .hint("`still models fetch --list` shows the names that are known"));
        };
        let source = Source::named(DOING, &name).map_err(|error| error.as_kind(Kind::Usage))?;
        let hub = Hub::from_environment(DOING)?;
        let mut bar = Bar::deaf();
        let mut at = None;
        let fetched = hub.fetch(&source, &mut |done, total| {
            match at {
                Some(before) if done >= before => bar.advance(done - before),
                // It begins, or begins again where it was.
                _ => bar.begin(&source.to_string(), Some(total), done),
            }
            at = Some(done);
        });
        bar.end();
        let fetched = fetched?;
        let (place, size) = (fetched.path.display(), bytes(fetched.bytes));
        let there = if fetched.was_there { " is there already" } else { "" };
        out(&format!("{place}{there}: {size}"));
        if let Some(sum) = fetched.sha256 {
            out(&format!("SHA-256 {sum}, as the hub has it"));
        }
        out(&format!("in a recipe: pretrained: \"hub:{name}\""));
        Ok(())
    }
}

fn list() {
    let widest = PUBLISHED.iter().map(|own| own.name.len()).max().unwrap_or(0);
    for own in &PUBLISHED {
        out(&format!("{:widest$}  {}: {}", own.name, own.repository, own.about));
    }
}
