//! How much memory is left, asked before much of it is taken: a machine that runs out kills a process, or stands
//! still. Known on Linux, with the limits of control groups; elsewhere only what `limit` says of tensors holds.

use crate::error::{Error, Kind, Result};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory is looked at once for so many bytes of tensors.
pub const LOOK_BYTES: u64 = 64 << 20;
/// A sixteenth of the memory is left alone, within these bounds.
const SHARE: u64 = 16;
/// Where nobody says what the process may take, a share of what it could have at most is left alone.
const QUARTER: u64 = 4;
/// The least and the most that is left alone.
pub const RESERVE_BYTES: [u64; 2] = [64 << 20, 1 << 30];

/// What the process itself may take at most; `u64::MAX` where nobody says.
static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);
/// Bytes of tensors since memory was last looked at.
static SINCE: AtomicU64 = AtomicU64::new(0);
/// Bytes of all tensors so far.
static ALL: AtomicU64 = AtomicU64::new(0);
/// Bytes of the largest tensor that the device holds.
static LARGEST: AtomicU64 = AtomicU64::new(u64::MAX);
/// Gives memory back that the allocator keeps.
static RELIEF: OnceLock<fn()> = OnceLock::new();

/// Memory in bytes, as it is just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What this process may use in all.
    pub total: u64,
    /// What it may still take.
    pub available: u64,
    /// What it has.
    pub own: u64,
}

/// Sets what the process may take at most.
pub fn limit(bytes: u64) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

/// Sets how many bytes a tensor may have at most.
pub(super) fn limit_one(bytes: u64) {
    LARGEST.store(bytes, Ordering::Relaxed);
}

/// Says how the allocator gives back what it keeps.
pub fn relieve_by(act: fn()) {
    let _ = RELIEF.set(act);
}

impl Memory {
    /// `None` where the system does not say.
    pub fn now() -> Option<Self> {
        let own = pages_of_own()?;
        let mut memory = machine(own)?;
        for group in groups() {
            if let Some((total, available)) = group.state() {
                memory.total = memory.total.min(total);
                memory.available = memory.available.min(available);
            }
        }
        // Address space is more than memory: the allocator has some that it does not use.
        if let Some(space) = address_space() {
            let taken = field(&read("/proc/self/status")?, "VmSize").map_or(0, |kib| kib << 10);
            memory.total = memory.total.min(space);
            memory.available = memory.available.min(space.saturating_sub(taken));
        }
        let limit = LIMIT.load(Ordering::Relaxed);
        memory.total = memory.total.min(limit);
        memory.available = memory.available.min(limit.saturating_sub(own));
        Some(memory)
    }

    /// What is left alone: a sixteenth within bounds, and a quarter of what this process could have where nobody
    /// says how much it may take.
    pub fn reserve(&self) -> u64 {
        let [least, most] = RESERVE_BYTES;
        let always = (self.total / SHARE).clamp(least, most);
        match LIMIT.load(Ordering::Relaxed) {
            u64::MAX => always.max(self.available.saturating_add(self.own) / QUARTER),
            _ => always,
        }
    }

    /// What this process has in memory; `None` where the system does not say.
    pub fn resident() -> Option<u64> {
        pages_of_own()
    }

    /// The most that this process ever had in memory, or had since [`Memory::forget_peak`]; `None` where the system
    /// does not say.
    pub fn peak() -> Option<u64> {
        Some(field(&read("/proc/self/status")?, "VmHWM")? << 10)
    }

    /// Lets [`Memory::peak`] begin anew, with what the process has once the allocator gave back what it keeps; `false`
    /// where the system cannot do that.
    pub fn forget_peak() -> bool {
        if let Some(relieve) = RELIEF.get() {
            relieve();
        }
        // No file, but a switch of the kernel's.
        std::fs::write("/proc/self/clear_refs", "5").is_ok()
    }

    fn has_room_for(&self, bytes: u64) -> bool {
        self.available >= bytes.saturating_add(self.reserve())
    }
}

/// What `ulimit -v` allows, where it allows less than everything.
fn address_space() -> Option<u64> {
    static SPACE: OnceLock<Option<u64>> = OnceLock::new();
    *SPACE.get_or_init(|| {
        let limits = read("/proc/self/limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
        line.split_whitespace().next()?.parse().ok()
    })
}

/// Refuses to make a tensor that memory has no room for. Small ones are counted, and looked at together.
pub(crate) fn check(operation: &str, count: usize) -> Result<()> {
    let bytes = (count as u64).saturating_mul(size_of::<f32>() as u64);
    ALL.fetch_add(bytes, Ordering::Relaxed);
    let largest = LARGEST.load(Ordering::Relaxed);
    if bytes > largest {
        return Err(Error::new(Kind::Range, operation, "the device holds no tensor that large")
            .expected(format!("{} at most", words(largest)))
            .received(format!("{} for {count} elements", words(bytes)))
            .hint("work on smaller batches or parts, or on the processor: --device cpu"));
    }
    if SINCE.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) < LOOK_BYTES {
        return Ok(());
    }
    SINCE.store(0, Ordering::Relaxed);
    let Some(memory) = short_of(bytes) else { return Ok(()) };
    Err(Error::new(Kind::Range, operation, "there is not enough memory")
        .expected(match memory.available.saturating_sub(memory.reserve()) {
            // Less than can be told in MiB.
            room if room < 1 << 20 => format!(
                "nothing more: {} are left, and {} stay free",
                words(memory.available),
                words(memory.reserve())
            ),
            room => format!(
                "{} at most: {} are left, of which {} stay free",
                words(room),
                words(memory.available),
                words(memory.reserve())
            ),
        })
        .received(format!("{} for {count} elements", words(bytes)))
        .hint("work on smaller parts, and keep no tensors that are not needed"))
}

/// Bytes of all tensors that were made so far.
pub fn made() -> u64 {
    ALL.load(Ordering::Relaxed)
}

/// The error where a script has taken so much that the machine is about to stand still, whatever it took it for.
pub fn exhausted(memory: &Memory) -> Option<Error> {
    // Where others have taken it, ending this process would not help.
    if memory.has_room_for(0) || memory.own < memory.reserve().saturating_mul(2) {
        return None;
    }
    let memory = short_of(0)?;
    Some(
        Error::new(Kind::Range, "the recipe", "there is not enough memory to go on")
            .expected(format!("{} left", words(memory.reserve())))
            .received(format!("{} left, {} taken", words(memory.available), words(memory.own)))
            .hint("an array, a map or tensors grow: keep less of them"),
    )
}

/// Memory, where there is no room for so many bytes even when the allocator gives back what it keeps.
fn short_of(bytes: u64) -> Option<Memory> {
    if Memory::now()?.has_room_for(bytes) {
        return None;
    }
    if let Some(relieve) = RELIEF.get() {
        relieve();
    }
    Memory::now().filter(|memory| !memory.has_room_for(bytes))
}

fn words(bytes: u64) -> String {
    let mega = bytes as f64 / (1u64 << 20) as f64;
    if mega >= 1024.0 { format!("{:.1} GiB", mega / 1024.0) } else { format!("{mega:.0} MiB") }
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The number that follows `name` in a text of lines.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix([':', ' ']))?;
    line.split_whitespace().next()?.parse().ok()
}

fn machine(own: u64) -> Option<Memory> {
    let text = read("/proc/meminfo")?;
    let bytes = |name: &str| Some(field(&text, name)? << 10);
    Some(Memory { total: bytes("MemTotal")?, available: bytes("MemAvailable")?, own })
}

/// What the process has in memory; a page is 4 KiB on all systems that are built for, and never less.
fn pages_of_own() -> Option<u64> {
    const PAGE: u64 = 4096;
    let text = read("/proc/self/statm")?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE)
}

/// A control group that limits this process.
struct Group {
    folder: String,
    limit: &'static str,
    used: &'static str,
}

/// The groups of this process and those above them, found once.
fn groups() -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let text = read("/proc/self/cgroup").unwrap_or_default();
        let mut found = Vec::new();
        for line in text.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(kinds), Some(path)) = (parts.next(), parts.next()) else { continue };
            let (root, limit, used) = match kinds {
                "" => ("/sys/fs/cgroup", "memory.max", "memory.current"),
                kinds if kinds.split(',').any(|kind| kind == "memory") => {
                    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
                }
                _ => continue,
            };
            // In a container the path may be that of the host, and only the root is seen.
            for part in Path::new(path).ancestors() {
                let folder = format!("{root}{}", part.display().to_string().trim_end_matches('/'));
                if read(format!("{folder}/{limit}")).is_some() {
                    found.push(Group { folder, limit, used });
                }
            }
        }
        found
    })
}

impl Group {
    /// The limit and what is left of it, where there is one. What files fill can be given back.
    fn state(&self) -> Option<(u64, u64)> {
        let number = |name: &str| read(format!("{}/{name}", self.folder))?.trim().parse().ok();
        let (limit, used): (u64, u64) = (number(self.limit)?, number(self.used)?);
        let stat = read(format!("{}/memory.stat", self.folder)).unwrap_or_default();
        let files = field(&stat, "inactive_file").unwrap_or(0);
        Some((limit, limit.saturating_sub(used.saturating_sub(files))))
    }
}
