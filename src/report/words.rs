//! Numbers in words.

/// What stages are measured by: how it is called, and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The share of clips whose class was found, in percent.
    Accuracy,
    /// Mean average precision, 0 to 1, where clips have several labels.
    Map,
}

impl Measure {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Accuracy => "accuracy",
            Measure::Map => "mAP",
        }
    }

    /// A value: `78.0 %`, `0.531`.
    pub fn value(self, value: f64) -> String {
        match self {
            Measure::Accuracy => format!("{:.1} %", value * 100.0),
            Measure::Map => format!("{value:.3}"),
        }
    }

    /// A value without its unit.
    pub fn bare(self, value: f64) -> String {
        match self {
            Measure::Accuracy => format!("{:.1}", value * 100.0),
            Measure::Map => format!("{value:.3}"),
        }
    }

    /// A difference, with its sign: `+5.0`, `−0.012`.
    pub fn signed(self, difference: f64) -> String {
        let (number, digits) = match self {
            Measure::Accuracy => (difference * 100.0, 1),
            Measure::Map => (difference, 3),
        };
        signed(number, digits)
    }

    /// A difference with its unit: `+5.0 points`.
    pub fn gain(self, difference: f64) -> String {
        match self {
            Measure::Accuracy => format!("{} points", self.signed(difference)),
            Measure::Map => self.signed(difference),
        }
    }

    /// Both ends of an interval of differences: `+1.2 to +8.4 points`.
    pub fn gains(self, [low, high]: [f64; 2]) -> String {
        let unit = if self == Measure::Accuracy { " points" } else { "" };
        format!("{} to {}{unit}", self.signed(low), self.signed(high))
    }

    /// Both ends of an interval of values: `71.2 to 84.0 %`.
    pub fn values(self, [low, high]: [f64; 2]) -> String {
        let unit = if self == Measure::Accuracy { " %" } else { "" };
        format!("{} to {}{unit}", self.bare(low), self.bare(high))
    }
}

/// A number with its sign, and a real minus; what rounds to nothing has none.
pub fn signed(number: f64, digits: usize) -> String {
    let size = format!("{:.digits$}", number.abs());
    let nothing = size.chars().all(|c| matches!(c, '0' | '.'));
    match (nothing, number < 0.0) {
        (true, _) => size,
        (_, true) => format!("−{size}"),
        (_, false) => format!("+{size}"),
    }
}

/// `p = 0.012`, `p < 0.001`.
pub fn p(value: f64) -> String {
    match value {
        value if value.is_nan() => "p is not defined".into(),
        value if value < 0.001 => "p < 0.001".into(),
        value if value < 0.1 => format!("p = {value:.3}"),
        value => format!("p = {value:.2}"),
    }
}

/// A time: `0.4 s`, `48 s`, `3 min 20 s`, `2 h 5 min`.
pub fn time(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match seconds {
        seconds if !seconds.is_finite() => "–".into(),
        seconds if seconds < 9.95 => format!("{:.1} s", seconds.max(0.0)),
        _ if whole < 60 => format!("{whole} s"),
        _ if whole < 3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// 123456 as `123,456`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 clip`, `3 clips`.
pub fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        many => format!("{} {one}s", thousands(many as u64)),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [firsts @ .., last] => format!("{} and {last}", firsts.join(", ")),
    }
}

/// A text of at most so many characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A number as short as four digits allow: `0.001`, `1.25`, `5e-5`.
pub fn brief(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        let text = format!("{number:.2e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e{exponent}").replace('-', "−");
    }
    let digits = (3 - libm::floor(libm::log10(size.max(1e-3))) as i32).clamp(0, 6) as usize;
    let text = format!("{number:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    text.replace('-', "−")
}
