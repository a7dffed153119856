//! Numbers in JSON, bit for bit; those that are none, too.

/// JSON has no infinities: numbers that are none are written as words.
pub(super) mod number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Word(String),
    }

    pub fn serialize<S: Serializer>(value: &f64, out: S) -> Result<S::Ok, S::Error> {
        match value.is_finite() {
            true => Written::Number(*value),
            false => Written::Word(value.to_string()),
        }
        .serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
        match Written::deserialize(input)? {
            Written::Number(number) => Ok(number),
            Written::Word(word) => {
                word.parse().map_err(|_| D::Error::custom(format!("'{word}' is no number")))
            }
        }
    }
}

/// [`number`] for a number that may be missing.
pub(super) mod maybe {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Exact(#[serde(with = "super::number")] f64);

    pub fn serialize<S: Serializer>(value: &Option<f64>, out: S) -> Result<S::Ok, S::Error> {
        value.map(Exact).serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Exact>::deserialize(input)?.map(|Exact(value)| value))
    }
}

/// [`number`] for named numbers.
pub(super) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Pair(String, #[serde(with = "super::number")] f64);

    pub fn serialize<S: Serializer>(pairs: &[(String, f64)], out: S) -> Result<S::Ok, S::Error> {
        let pairs: Vec<Pair> =
            pairs.iter().map(|(name, value)| Pair(name.clone(), *value)).collect();
        pairs.serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Vec<(String, f64)>, D::Error> {
        let pairs = Vec::<Pair>::deserialize(input)?;
        Ok(pairs.into_iter().map(|Pair(name, value)| (name, value)).collect())
    }
}
