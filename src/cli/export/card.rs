//! What a file says of its model, from the stage that made it.

use crate::data::{FrontEnd, Labelling};
use crate::error::{Error, Kind, Result};
use crate::models::Card;
use crate::train::{Plan, Trained};

/// The card of a stage's model.
pub(super) fn of(trained: &Trained, plan: &Plan) -> Result<Card> {
    let broken =
        |cause: serde_json::Error| Error::new(Kind::Internal, "still export", cause.to_string());
    let (clips, input) = (&plan.features.train, plan.features.shape());
    let front = plan.features.front();
    let normal = match front.normalize.scale() {
        None => None,
        Some(_) => {
            let normal = clips.normal()?;
            Some([normal.mean, normal.scale])
        }
    };
    let statistics = match normal {
        Some(_) => Some(clips.statistics()?),
        None => front.statistics,
    };
    let (frames, rate_hz) = (Some(input.frames), Some(clips.rate_hz()));
    // Nothing is left for a data set to say.
    let front = FrontEnd { frames, rate_hz, statistics, ..front.clone() };
    // A clip as long as the model looks at, or as the longest one, where that is shorter.
    let long = |samples: &usize| clips.extractor().frames_of(*samples) >= input.frames;
    let longest = clips.longest_samples();
    let samples = if long(&longest) { least(longest, long) } else { longest };
    Ok(Card {
        still: env!("CARGO_PKG_VERSION").to_string(),
        name: trained.name.clone(),
        model: serde_json::to_value(trained.model.spec()).map_err(broken)?,
        classes: plan.features.dataset().classes.clone(),
        labelling: match clips.labelling() {
            Labelling::Single => "single",
            Labelling::Multi => "multi",
        }
        .to_string(),
        input,
        rate_hz: clips.rate_hz(),
        samples,
        front: serde_json::to_value(&front).map_err(broken)?,
        normal,
        names: String::new(),
    })
}

/// The least number up to `most` that is long enough.
fn least(most: usize, long: impl Fn(&usize) -> bool) -> usize {
    let (mut short, mut enough) = (0, most);
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if long(&middle) { enough = middle } else { short = middle }
    }
    enough
}
