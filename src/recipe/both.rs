//! Who is told what happens: the record first, then the display.

use super::session::{Session, lock};
use super::setup::{Entry, Repeat};
use crate::error::Result;
use crate::train::{Event, Moment, Observer, Outcome};
use std::sync::atomic::Ordering;

/// Tells the record and the display, in this order: what is shown is written down.
pub(super) struct Both<'a>(pub &'a Session);

impl Observer for Both<'_> {
    fn observe(&mut self, event: &Event) -> Result<()> {
        self.0.meter.progress();
        self.0.signals.pulse.fetch_add(1, Ordering::Relaxed);
        let mut warnings = Vec::new();
        if let Some(record) = self.0.record.get() {
            let mut record = lock(record);
            // The text is there before the line that names it.
            if let Event::Changed { change, .. } = event
                && matches!(change.outcome, Outcome::InForce | Outcome::Unchanged)
                && let Some(live) = self.0.live.get()
            {
                let version = lock(live).current();
                let texts = self.0.texts(&version.compiled);
                record.keep_version(change.version, &texts);
            }
            record.observe(event)?;
            warnings = record.take_warnings();
        }
        let mut display = self.0.display();
        warnings.iter().for_each(|text| display.warn(text));
        display.observe(event)
    }

    fn wants_checkpoint(&mut self, moment: &Moment) -> bool {
        if let Entry::Replay(Repeat { until: Some((stage, step)), .. }) = &self.0.setup.entry
            && **stage == *moment.stage
            && moment.step >= *step
        {
            self.0.signals.over.store(true, Ordering::Relaxed);
            self.0.signals.stop.store(true, Ordering::Relaxed);
            return true;
        }
        self.0.record.get().is_some_and(|record| lock(record).wants_checkpoint(moment))
    }
}
