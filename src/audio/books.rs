//! The codebooks in the setup header of Vorbis: how many numbers they unfold to. A header of a few bytes can ask for more than
//! any memory has, and the decoder does as it is asked.

/// Type and name of a header.
const NAME: usize = 7;
/// Entries of all books together, and their numbers. Encoders write some ten thousands.
const MOST_ENTRIES: u64 = 1 << 20;
const MOST_NUMBERS: u64 = 1 << 24;

/// Whether the codebooks of a setup header can be read, and are of a size that makes sense.
pub fn are_sane(setup: &[u8]) -> bool {
    let mut bits = Bits { bytes: setup.get(NAME..).unwrap_or_default(), at: 0 };
    let (mut entries, mut numbers) = (0, 0);
    let Some(count) = bits.count(8) else { return false };
    for _ in 0..count {
        let Some([own, dimensions]) = bits.codebook(MOST_ENTRIES - entries) else { return false };
        entries += own;
        numbers += own * dimensions;
        if numbers > MOST_NUMBERS {
            return false;
        }
    }
    true
}

/// Bits from the lowest of each byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Bits that a number takes.
fn length(number: u32) -> usize {
    (u32::BITS - number.leading_zeros()) as usize
}

impl Bits<'_> {
    /// A number of so many bits, 32 at most.
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for bit in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }

    /// How many of something there are, where none is not possible.
    fn count(&mut self, bits: usize) -> Option<usize> {
        Some(self.take(bits)? as usize + 1)
    }

    fn pass(&mut self, bits: usize) -> Option<()> {
        self.at = self.at.checked_add(bits)?;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// A codebook's entries, `most` at most, and dimensions (specification, 3.2.1).
    fn codebook(&mut self, most: u64) -> Option<[u64; 2]> {
        self.pass(24)?;
        let (dimensions, entries) = (self.take(16)?, self.take(24)?);
        if u64::from(entries) > most {
            return None;
        }
        if self.flag()? {
            self.pass(5)?;
            let mut entry = 0;
            while entry < entries {
                entry = entry.checked_add(self.take(length(entries - entry))?)?;
            }
        } else {
            let sparse = self.flag()?;
            for _ in 0..entries {
                if !sparse || self.flag()? {
                    self.pass(5)?;
                }
            }
        }
        let told = [u64::from(entries), u64::from(dimensions)];
        let kind = self.take(4)?;
        if kind == 0 {
            // Words alone, without numbers.
            return Some([told[0], 0]);
        }
        self.pass(64)?;
        let width = self.count(4)?;
        self.pass(1)?;
        let values = match kind {
            1 => whole_root(entries, dimensions),
            _ => entries.checked_mul(dimensions)? as usize,
        };
        self.pass(values.checked_mul(width)?)?;
        Some(told)
    }
}

/// The largest number whose power is `entries` at most.
fn whole_root(entries: u32, power: u32) -> usize {
    let fits = |root: u32| {
        let product = (0..power).try_fold(1u64, |product, _| {
            product.checked_mul(u64::from(root)).filter(|product| *product <= u64::from(entries))
        });
        product.is_some()
    };
    if power == 0 {
        return 0;
    }
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low as usize
}
