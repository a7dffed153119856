//! What a pickle asks for, found by walking through its operations without doing them. A pickle is a program:
//! it names functions of Python and has them called. What makes tensors and plain values may be named, and nothing else.

use super::checkpoint::short;
use crate::error::{Error, Kind, Result};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, Read, Take};

/// The most bytes of a pickle. It holds names and shapes, no numbers; each operation takes a hundred bytes once it is
/// read, so that this bounds the memory.
pub(super) const MOST: u64 = 8 << 20;
/// The longest line of the old text operations.
const LONGEST_LINE: u64 = 1 << 16;
/// The longest text that may be a name.
const LONGEST_NAME: usize = 256;

/// The error for a pickle that is too long.
pub(super) fn too_long(doing: &str) -> Error {
    Error::new(Kind::Data, doing, "there is too much beside the tensors")
        .expected(format!("a pickle of {} MiB at most", MOST >> 20))
        .hint("save the tensors alone: torch.save(model.state_dict(), …)")
}

/// Goes through one pickle, to behind its end.
///
/// # Errors
/// A name that is none of tensors or plain values; an operation that is not known; a pickle that is cut off, or too
/// long.
pub(super) fn look(doing: &str, from: &mut impl BufRead) -> Result<()> {
    let mut walk =
        Walk { from: from.take(MOST), top: VecDeque::new(), memo: HashMap::new(), noted: 0 };
    loop {
        let stopped = match walk.step() {
            Ok(true) => continue,
            Ok(false) => return Ok(()),
            Err(stopped) => stopped,
        };
        return Err(match stopped {
            Stopped::Asks(name) => Error::new(
                Kind::Data,
                doing,
                "the pickle asks for more than tensors",
            )
            .expected("tensors, texts, numbers, lists and dictionaries")
            .received(name)
            .hint(
                "nothing of it was run; save the tensors alone: torch.save(model.state_dict(), …)",
            ),
            Stopped::Cut(_) if walk.from.limit() == 0 => too_long(doing),
            Stopped::Cut(cause) => {
                Error::new(Kind::Data, doing, "the pickle is cut off or damaged")
                    .received(short(&cause))
            }
        });
    }
}

/// Why a walk ends before the pickle does.
enum Stopped {
    /// A name that may not be asked for.
    Asks(String),
    Cut(std::io::Error),
}

impl From<std::io::Error> for Stopped {
    fn from(cause: std::io::Error) -> Self {
        Stopped::Cut(cause)
    }
}

struct Walk<R> {
    from: Take<R>,
    /// The last two values that were put down, where they are texts: a name may be made of them.
    top: VecDeque<Option<String>>,
    /// Texts that were put aside.
    memo: HashMap<u32, String>,
    /// How many values were put aside without a number.
    noted: u32,
}

impl<R: BufRead> Walk<R> {
    /// Goes over one operation; whether there are more.
    fn step(&mut self) -> std::result::Result<bool, Stopped> {
        let [operation] = self.bytes::<1>()?;
        match operation {
            b'.' => return Ok(false),
            // Two lines: a module and a name in it.
            b'c' | b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                allow(&module, &name)?;
                self.push(None);
            }
            0x93 => {
                let name = self.top.pop_back().flatten();
                match (self.top.pop_back().flatten(), name) {
                    (Some(module), Some(name)) => allow(&module, &name)?,
                    _ => return Err(Stopped::Asks("a name that is made on the way".into())),
                }
                self.push(None);
            }
            // Names by numbers that this machine's Python may know.
            0x82..=0x84 => return Err(Stopped::Asks("a name by its number".into())),
            // Texts.
            0x8c | b'U' => {
                let [length] = self.bytes::<1>()?;
                self.text(u64::from(length))?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.text(u64::from(length))?;
            }
            0x8d => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.text(length)?;
            }
            b'V' | b'S' => {
                let text = self.line()?;
                self.push(Some(text));
            }
            // Bytes and long integers, passed over.
            b'C' | 0x8a => {
                let [length] = self.bytes::<1>()?;
                self.pass(u64::from(length))?;
            }
            b'B' | 0x8b => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.pass(u64::from(length))?;
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.bytes()?);
                self.pass(length)?;
            }
            b'I' | b'L' | b'F' | b'P' => {
                self.line()?;
                self.push(None);
            }
            // Put aside, and fetched again.
            b'p' => {
                let number = self.line()?.trim().parse().unwrap_or(u32::MAX);
                self.note(number);
            }
            b'q' => {
                let [number] = self.bytes::<1>()?;
                self.note(u32::from(number));
            }
            b'r' => {
                let number = u32::from_le_bytes(self.bytes()?);
                self.note(number);
            }
            0x94 => self.note(self.noted),
            b'g' => {
                let number = self.line()?.trim().parse().unwrap_or(u32::MAX);
                self.push(self.memo.get(&number).cloned());
            }
            b'h' => {
                let [number] = self.bytes::<1>()?;
                self.push(self.memo.get(&u32::from(number)).cloned());
            }
            b'j' => {
                let number = u32::from_le_bytes(self.bytes()?);
                self.push(self.memo.get(&number).cloned());
            }
            // Numbers of a fixed length, and what steers the reading.
            0x80 => drop(self.bytes::<1>()?),
            0x95 => drop(self.bytes::<8>()?),
            b'K' => self.fixed::<1>()?,
            b'M' => self.fixed::<2>()?,
            b'J' => self.fixed::<4>()?,
            b'G' => self.fixed::<8>()?,
            // What is done with values that are there.
            b'('
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'R'
            | b'b'
            | b'd'
            | b'l'
            | b't'
            | b's'
            | b'a'
            | b')'
            | b']'
            | b'}'
            | b'e'
            | b'u'
            | b'Q'
            | 0x81
            | 0x85..=0x89
            | 0x8f..=0x92
            | 0x97
            | 0x98 => self.push(None),
            other => {
                let problem = format!("an operation that is not known, 0x{other:02x}");
                return Err(Stopped::Cut(std::io::Error::other(problem)));
            }
        }
        Ok(true)
    }

    fn bytes<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn fixed<const N: usize>(&mut self) -> std::io::Result<()> {
        self.bytes::<N>()?;
        self.push(None);
        Ok(())
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        (&mut self.from).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        match line.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_string()),
            _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn pass(&mut self, length: u64) -> std::io::Result<()> {
        let passed = std::io::copy(&mut (&mut self.from).take(length), &mut std::io::sink())?;
        self.push(None);
        if passed == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }

    fn text(&mut self, length: u64) -> std::io::Result<()> {
        if length > LONGEST_NAME as u64 {
            return self.pass(length);
        }
        let mut bytes = vec![0; length as usize];
        self.from.read_exact(&mut bytes)?;
        self.push(Some(String::from_utf8_lossy(&bytes).to_string()));
        Ok(())
    }

    fn push(&mut self, value: Option<String>) {
        self.top.push_back(value);
        if self.top.len() > 2 {
            self.top.pop_front();
        }
    }

    fn note(&mut self, number: u32) {
        self.noted = self.noted.saturating_add(1);
        match self.top.back() {
            Some(Some(text)) => drop(self.memo.insert(number, text.clone())),
            _ => drop(self.memo.remove(&number)),
        }
    }
}

/// Lets names pass that make tensors and plain values.
fn allow(module: &str, name: &str) -> std::result::Result<(), Stopped> {
    let allowed = match module {
        "torch" => {
            // What cannot be used, such as `float8_e5m2`, is told with the tensor's name.
            name.ends_with("Storage")
                || name.starts_with("float")
                || name.starts_with("complex")
                || DTYPES.contains(&name)
                || ["Size", "device", "Tensor"].contains(&name)
        }
        "torch._utils" => name.starts_with("_rebuild_"),
        "torch._tensor" => name == "_rebuild_from_type_v2",
        "torch.storage" => ["UntypedStorage", "TypedStorage"].contains(&name),
        "torch.nn.parameter" => ["Parameter", "Buffer"].contains(&name),
        "torch.serialization" => name == "_get_layout",
        "collections" => ["OrderedDict", "defaultdict", "Counter"].contains(&name),
        "builtins" | "__builtin__" => PLAIN.contains(&name),
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            ["scalar", "_reconstruct"].contains(&name)
        }
        // Types of numbers; none of them does anything.
        "numpy" => {
            ["dtype", "ndarray"].contains(&name) || NUMBERS.iter().any(|own| name.starts_with(own))
        }
        "numpy.dtypes" => name.ends_with("DType"),
        _ => false,
    };
    match allowed {
        true => Ok(()),
        false => Err(Stopped::Asks(short(&format!("{module}.{name}")))),
    }
}

const DTYPES: [&str; 20] = [
    "float32",
    "float",
    "float64",
    "double",
    "float16",
    "half",
    "bfloat16",
    "int64",
    "long",
    "int32",
    "int",
    "int16",
    "short",
    "int8",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "contiguous_format",
];
const PLAIN: [&str; 12] = [
    "set",
    "frozenset",
    "dict",
    "list",
    "tuple",
    "int",
    "float",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "complex",
];
const NUMBERS: [&str; 4] = ["float", "int", "uint", "bool"];
