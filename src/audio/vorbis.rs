//! Packets of Vorbis, decoded with `lewton`. `symphonia` 0.6, which finds them in the file, mixes channels up from three on:
//! it undoes their coupling in the order in which the header lists the pairs (the specification, 4.3.5: the last one
//! first), and where the partitions of a residue do not fill their last classword (formats 0 and 1), it writes classes
//! of a channel over those of the next one.

use super::books;
use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};
use symphonia::core::packet::Packet;

/// Bytes of the identification header.
const IDENTITY: usize = 30;
/// No block is longer.
const MOST_AHEAD: usize = 1 << 13;

/// A decoder, and what it remembers of the packets before.
pub(super) struct Vorbis {
    identity: IdentHeader,
    setup: SetupHeader,
    before: PreviousWindowRight,
    /// The packet that began, until another one follows it.
    first: Option<Box<[u8]>>,
    /// What is decoded and was not given yet, channel by channel.
    ready: Vec<Vec<f32>>,
}

impl Vorbis {
    /// With both headers, one behind the other; or what is wrong with them.
    pub(super) fn new(headers: &[u8]) -> Result<Self, &'static str> {
        let (identity, setup) = headers.split_at_checked(IDENTITY).ok_or("no headers")?;
        let wrong = |_| "a header that makes no sense";
        let identity = read_header_ident(identity).map_err(wrong)?;
        if !books::are_sane(setup) {
            return Err("codebooks that make no sense");
        }
        let sizes = (identity.blocksize_0, identity.blocksize_1);
        let setup = read_header_setup(setup, identity.audio_channels, sizes).map_err(wrong)?;
        let ready = vec![Vec::new(); usize::from(identity.audio_channels)];
        Ok(Vorbis { identity, setup, before: PreviousWindowRight::new(), first: None, ready })
    }

    /// The samples of a packet, channel by channel in the order of WAV; none for the first one, which only begins.
    pub(super) fn decode(&mut self, packet: &Packet) -> Result<Vec<Vec<f32>>, &'static str> {
        let begins = self.before.is_empty();
        let planes = self.overlapped(&packet.data)?;
        if begins {
            self.ready.iter_mut().for_each(Vec::clear);
            self.first = Some(packet.data.clone());
            return Ok(planes);
        }
        // A packet is from the middle of the block before to that of its own; `lewton` gives all that no other block
        // adds to, which may be more, and then less.
        let whole = packet.block_dur().get() as usize;
        if let Some(first) = self.first.take() {
            let count = planes.first().map_or(0, Vec::len);
            self.begin(&first, whole.saturating_sub(count))?;
        }
        let mut given = Vec::with_capacity(planes.len());
        for (ready, plane) in self.ready.iter_mut().zip(planes) {
            ready.extend(plane);
            let rest = ready.split_off(whole.min(ready.len()));
            let mut own = std::mem::replace(ready, rest);
            if ready.len() > MOST_AHEAD {
                return Err("packets that make no sense");
            }
            let end = own.len().saturating_sub(packet.trim_end.get() as usize);
            own.truncate(end);
            own.drain(..own.len().min(packet.trim_start.get() as usize));
            given.push(own);
        }
        if let Some(order) = order(given.len()) {
            given = order.iter().map(|own| std::mem::take(&mut given[*own])).collect();
        }
        Ok(given)
    }

    /// Forgets what came before.
    pub(super) fn reset(&mut self) {
        self.before = PreviousWindowRight::new();
        self.first = None;
        self.ready.iter_mut().for_each(Vec::clear);
    }

    /// What is ready with a packet.
    fn overlapped(&mut self, packet: &[u8]) -> Result<Vec<Vec<f32>>, &'static str> {
        let Vorbis { identity, setup, before, .. } = self;
        read_audio_packet_generic(identity, setup, packet, before)
            .map_err(|_| "a packet that makes no sense")
    }

    /// Makes ready the last `count` samples of the first block that the next one adds nothing to. `lewton` gives them only
    /// with a block before: with itself, since that changes its left half alone.
    fn begin(&mut self, first: &[u8], count: usize) -> Result<(), &'static str> {
        if count == 0 {
            return Ok(());
        }
        let after = std::mem::replace(&mut self.before, PreviousWindowRight::new());
        self.overlapped(first)?;
        let planes = self.overlapped(first)?;
        self.before = after;
        for (ready, plane) in self.ready.iter_mut().zip(planes) {
            ready.extend_from_slice(&plane[plane.len().saturating_sub(count)..]);
        }
        Ok(())
    }
}

/// Which of Vorbis' channels (specification, 4.3.9) each of WAV's is, where they differ.
fn order(channels: usize) -> Option<&'static [usize]> {
    match channels {
        3 => Some(&[0, 2, 1]),
        5 => Some(&[0, 2, 1, 3, 4]),
        6 => Some(&[0, 2, 1, 5, 3, 4]),
        7 => Some(&[0, 2, 1, 6, 5, 3, 4]),
        8 => Some(&[0, 2, 1, 7, 5, 6, 3, 4]),
        _ => None,
    }
}
