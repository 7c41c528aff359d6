//! Finding the end of a MessagePack value without reading it.

use rmp::Marker;
use smallvec::SmallVec;

/// Returns what follows the first value, or `None` if it is incomplete, reserved, or nested too deeply.
pub(super) fn skip_value(mut rest: &[u8], maximum_depth: usize) -> Option<&[u8]> {
    // How many values are still to come on each level of nesting.
    let mut levels: SmallVec<[u64; 8]> = SmallVec::from_slice(&[1]);
    while let Some(left) = levels.last_mut() {
        if *left == 0 {
            levels.pop();
            continue;
        }
        *left -= 1;
        let (&marker, after) = rest.split_first()?;
        let marker = Marker::from_u8(marker);
        let (width, body) = length_of(marker)?;
        let (mut declared, after) = read_big_endian(after, width)?;
        if width == 0 {
            declared = 0;
        }
        rest = match body {
            Body::Bytes(extra) => {
                after.get(usize::try_from(declared.checked_add(extra)?).ok()?..)?
            }
            Body::Values { fixed, per_entry } => {
                if levels.len() > maximum_depth {
                    return None;
                }
                levels.push((declared + fixed) * per_entry);
                after
            }
        };
    }
    Some(rest)
}

enum Body {
    /// The declared length and this many bytes more.
    Bytes(u64),
    /// As many values as declared, or as the marker itself says.
    Values { fixed: u64, per_entry: u64 },
}

/// The width of the length that follows a marker, and what that length counts.
fn length_of(marker: Marker) -> Option<(usize, Body)> {
    Some(match marker {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
            (0, Body::Bytes(0))
        }
        Marker::U8 | Marker::I8 => (0, Body::Bytes(1)),
        Marker::U16 | Marker::I16 | Marker::FixExt1 => (0, Body::Bytes(2)),
        Marker::FixExt2 => (0, Body::Bytes(3)),
        Marker::U32 | Marker::I32 | Marker::F32 => (0, Body::Bytes(4)),
        Marker::FixExt4 => (0, Body::Bytes(5)),
        Marker::U64 | Marker::I64 | Marker::F64 => (0, Body::Bytes(8)),
        Marker::FixExt8 => (0, Body::Bytes(9)),
        Marker::FixExt16 => (0, Body::Bytes(17)),
        Marker::FixStr(length) => (0, Body::Bytes(length.into())),
        Marker::Str8 | Marker::Bin8 => (1, Body::Bytes(0)),
        Marker::Str16 | Marker::Bin16 => (2, Body::Bytes(0)),
        Marker::Str32 | Marker::Bin32 => (4, Body::Bytes(0)),
        Marker::Ext8 => (1, Body::Bytes(1)),
        Marker::Ext16 => (2, Body::Bytes(1)),
        Marker::Ext32 => (4, Body::Bytes(1)),
        Marker::FixArray(count) => (
            0,
            Body::Values {
                fixed: count.into(),
                per_entry: 1,
            },
        ),
        Marker::Array16 => (
            2,
            Body::Values {
                fixed: 0,
                per_entry: 1,
            },
        ),
        Marker::Array32 => (
            4,
            Body::Values {
                fixed: 0,
                per_entry: 1,
            },
        ),
        Marker::FixMap(count) => (
            0,
            Body::Values {
                fixed: count.into(),
                per_entry: 2,
            },
        ),
        Marker::Map16 => (
            2,
            Body::Values {
                fixed: 0,
                per_entry: 2,
            },
        ),
        Marker::Map32 => (
            4,
            Body::Values {
                fixed: 0,
                per_entry: 2,
            },
        ),
        Marker::Reserved => return None,
    })
}

fn read_big_endian(bytes: &[u8], width: usize) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_at_checked(width)?;
    Some((
        number
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        rest,
    ))
}
