//! The setup header of Vorbis, for two things that `symphonia` 0.6 does otherwise than the specification.
//!
//! It undoes the coupling of channels in the order in which the header lists the pairs, where the specification (4.3.5)
//! undoes the last one first: where pairs share channels, as with 5.1, other sounds come of that. So pairs are listed in
//! the other order. And where the partitions of a residue do not fill their last classword, it writes classes of a
//! channel over those of the next one (formats 0 and 1, several channels): nothing can be done about that here.

/// The identification header.
const IDENTITY: usize = 30;
/// Type and name of a header.
const NAME: usize = 7;

/// What becomes of the headers.
pub(super) enum Headers {
    /// They are right as they are, or cannot be read: that is for the decoder to say.
    Kept,
    /// Pairs stand in the other order.
    Turned(Vec<u8>),
    /// The decoder would mix channels up.
    Mixed,
}

/// Looks at what a decoder is given: both headers, one after the other.
pub(super) fn headers(both: &[u8]) -> Headers {
    looked(both).unwrap_or(Headers::Kept)
}

fn looked(both: &[u8]) -> Option<Headers> {
    let channels = usize::from(*both.get(11)?);
    let sizes = *both.get(28)?;
    let halves = [sizes & 15, sizes >> 4].map(|exponent| (1u32 << exponent) / 2);
    let setup = both.get(IDENTITY + NAME..)?;
    let mappings = Bits { bytes: setup, at: 0 }.setup(channels, halves)?;
    if mappings.iter().any(|mapping| mapping.mixed) {
        return Some(Headers::Mixed);
    }
    let mut turned = both.to_vec();
    let mut changed = false;
    for Pairs { at, count, width } in mappings.into_iter().filter_map(|mapping| mapping.pairs) {
        let own: Vec<u32> = (0..count)
            .map(|n| Bits { bytes: setup, at: at + n * width }.take(width))
            .collect::<Option<_>>()?;
        let setup = turned.get_mut(IDENTITY + NAME..)?;
        for (place, pair) in own.iter().rev().enumerate() {
            write(setup, at + place * width, width, *pair)?;
        }
        changed |= count > 1;
    }
    Some(if changed { Headers::Turned(turned) } else { Headers::Kept })
}

/// How the channels of a packet are put together.
struct Mapping {
    pairs: Option<Pairs>,
    /// Whether the decoder would mix channels up.
    mixed: bool,
}

/// How the spectra of channels are written.
struct Residue {
    /// Whether each channel has partitions of its own, which do not fill their last classword.
    open: bool,
}

/// Where the pairs of a mapping stand.
struct Pairs {
    at: usize,
    count: usize,
    /// Bits of both channels of a pair.
    width: usize,
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

fn write(bytes: &mut [u8], at: usize, count: usize, value: u32) -> Option<()> {
    for bit in 0..count {
        let byte = bytes.get_mut((at + bit) / 8)?;
        let mask = 1u8 << ((at + bit) % 8);
        *byte = if value >> bit & 1 == 1 { *byte | mask } else { *byte & !mask };
    }
    Some(())
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

    /// Everything up to the mappings, and these (specification, 4.2.4).
    fn setup(&mut self, channels: usize, halves: [u32; 2]) -> Option<Vec<Mapping>> {
        let books = self.count(8)?;
        let books: Vec<u32> = (0..books).map(|_| self.codebook()).collect::<Option<_>>()?;
        let transforms = self.count(6)?;
        self.pass(16 * transforms)?;
        for _ in 0..self.count(6)? {
            self.floor()?;
        }
        let residues = self.count(6)?;
        let residues: Vec<Residue> =
            (0..residues).map(|_| self.residue(&books, halves)).collect::<Option<_>>()?;
        (0..self.count(6)?).map(|_| self.mapping(channels, &residues)).collect()
    }

    /// A codebook's dimensions.
    fn codebook(&mut self) -> Option<u32> {
        self.pass(24)?;
        let (dimensions, entries) = (self.take(16)?, self.take(24)?);
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
        let kind = self.take(4)?;
        if kind == 0 {
            return Some(dimensions);
        }
        self.pass(64)?;
        let width = self.count(4)?;
        self.pass(1)?;
        let values = match kind {
            1 => whole_root(entries, dimensions),
            _ => entries.checked_mul(dimensions)? as usize,
        };
        self.pass(values.checked_mul(width)?)?;
        Some(dimensions)
    }

    fn floor(&mut self) -> Option<()> {
        if self.take(16)? == 0 {
            self.pass(8 + 16 + 16 + 6 + 8)?;
            let books = self.count(4)?;
            return self.pass(8 * books);
        }
        let parts = self.take(5)?;
        let classes: Vec<usize> =
            (0..parts).map(|_| Some(self.take(4)? as usize)).collect::<Option<_>>()?;
        let last = classes.iter().max().map_or(0, |most| most + 1);
        let mut widths = Vec::with_capacity(last);
        for _ in 0..last {
            widths.push(self.count(3)?);
            let subclasses = self.take(2)?;
            let master = if subclasses > 0 { 8 } else { 0 };
            self.pass(master + (8 << subclasses))?;
        }
        self.pass(2)?;
        let bits = self.take(4)? as usize;
        classes.into_iter().try_for_each(|class| self.pass(widths.get(class)? * bits))
    }

    fn residue(&mut self, books: &[u32], halves: [u32; 2]) -> Option<Residue> {
        let kind = self.take(16)?;
        let (begin, end, size) = (self.take(24)?, self.take(24)?, self.take(24)? + 1);
        let classes = self.count(6)?;
        let word = *books.get(self.take(8)? as usize)?;
        let fills =
            |half: u32| (end.min(half).saturating_sub(begin.min(half)) / size).is_multiple_of(word);
        let open = kind < 2 && !halves.into_iter().all(fills);
        let mut books = 0;
        for _ in 0..classes {
            let low = self.take(3)?;
            let high = if self.flag()? { self.take(5)? } else { 0 };
            books += low.count_ones() + high.count_ones();
        }
        self.pass(8 * books as usize)?;
        Some(Residue { open })
    }

    fn mapping(&mut self, channels: usize, residues: &[Residue]) -> Option<Mapping> {
        self.pass(16)?;
        let submaps = if self.flag()? { self.count(4)? } else { 1 };
        let mut pairs = None;
        if self.flag()? {
            let count = self.count(8)?;
            let width = 2 * length(channels.checked_sub(1)? as u32);
            pairs = Some(Pairs { at: self.at, count, width });
            self.pass(count * width)?;
        }
        self.pass(2)?;
        let mut members = vec![0usize; submaps];
        for _ in 0..channels {
            let own = if submaps > 1 { self.take(4)? } else { 0 };
            *members.get_mut(own as usize)? += 1;
        }
        let mut mixed = false;
        for members in members {
            self.pass(16)?;
            mixed |= residues.get(self.take(8)? as usize)?.open && members > 1;
        }
        Some(Mapping { pairs, mixed })
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
