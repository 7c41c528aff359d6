//! Values that the two protocols write differently.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes as SignalR writes them: a base64 string in JSON, binary data in MessagePack.
///
/// SignalR Hub Protocol: *JSON Payload Encoding* and *MessagePack encoding*.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Binary(pub Vec<u8>);

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&base64::display::Base64Display::new(&self.0, &STANDARD))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BinaryVisitor;

        impl<'de> Visitor<'de> for BinaryVisitor {
            type Value = Binary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Binary, E> {
                STANDARD.decode(text).map(Binary).map_err(E::custom)
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Binary, E> {
                Ok(Binary(bytes.to_vec()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Binary, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Binary(bytes))
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_str(BinaryVisitor)
        } else {
            deserializer.deserialize_bytes(BinaryVisitor)
        }
    }
}

/// A moment in UTC as SignalR writes it: an ISO 8601 string in JSON, a timestamp extension in MessagePack.
///
/// The moment is counted from the beginning of 1970. Clients give dates with any offset; they come out in UTC.
///
/// SignalR Hub Protocol: *JSON Payload Encoding* and *MessagePack encoding*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

const DAY: i64 = 86_400;
const NANOSECONDS: u32 = 1_000_000_000;

impl Timestamp {
    /// The moment this many seconds and nanoseconds after the beginning of 1970; `None` if there are too many nanoseconds.
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        (nanoseconds < NANOSECONDS).then_some(Self {
            seconds,
            nanoseconds,
        })
    }

    /// Whole seconds since the beginning of 1970.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the whole second.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// Reads a date and time such as `2000-01-01T00:00:00.5Z`; without an offset it is taken as UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-')?;
        let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
        let (time, zone) = time.split_at(zone_at);
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let [hour, minute, second] = numbers(time, ':')?;
        let is_valid = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        let offset = match zone {
            "" | "Z" | "z" => 0,
            _ => {
                let [hours, minutes] = numbers(&zone[1..], ':')?;
                (hours * 60 + minutes) * if zone.starts_with('-') { -60 } else { 60 }
            }
        };
        let seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
        let nanoseconds = match fraction.len() {
            0 => 0,
            _ if !fraction.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            digits => {
                let kept = &fraction[..digits.min(9)];
                kept.parse::<u32>().ok()? * 10u32.pow(9 - u32::try_from(kept.len()).ok()?)
            }
        };
        is_valid.then_some(Self {
            seconds,
            nanoseconds,
        })
    }
}

/// Reads numbers without signs.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for number in &mut numbers {
        let part = parts.next()?;
        let is_number =
            (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Days since the beginning of 1970 in the Gregorian calendar; the year begins in March here, which puts the leap day last.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The reverse of [`days_of`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if self.nanoseconds > 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// The number of the timestamp extension.
const TIMESTAMP_EXTENSION: i8 = -1;

/// Bytes that serialise as bytes.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let mut out = Vec::with_capacity(12);
        match u64::try_from(self.seconds) {
            Ok(seconds) if self.nanoseconds == 0 && u32::try_from(seconds).is_ok() => {
                out.extend_from_slice(&seconds.to_be_bytes()[4..]);
            }
            Ok(seconds) if seconds >> 34 == 0 => {
                out.extend_from_slice(&(u64::from(self.nanoseconds) << 34 | seconds).to_be_bytes());
            }
            _ => {
                out.extend_from_slice(&self.nanoseconds.to_be_bytes());
                out.extend_from_slice(&self.seconds.to_be_bytes());
            }
        }
        serializer.serialize_newtype_struct(
            rmp_serde::MSGPACK_EXT_STRUCT_NAME,
            &(TIMESTAMP_EXTENSION, Raw(&out)),
        )
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimestampVisitor;

        impl<'de> Visitor<'de> for TimestampVisitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).ok_or_else(|| E::custom("not a date and time"))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Timestamp, D::Error> {
                let (extension, bytes): (i8, Binary) = Deserialize::deserialize(deserializer)?;
                from_extension(extension, &bytes.0)
                    .ok_or_else(|| de::Error::custom("not a timestamp"))
            }
        }

        if deserializer.is_human_readable() {
            deserializer.deserialize_str(TimestampVisitor)
        } else {
            deserializer
                .deserialize_newtype_struct(rmp_serde::MSGPACK_EXT_STRUCT_NAME, TimestampVisitor)
        }
    }
}

fn from_extension(extension: i8, bytes: &[u8]) -> Option<Timestamp> {
    if extension != TIMESTAMP_EXTENSION {
        return None;
    }
    match bytes.len() {
        4 => Timestamp::new(u32::from_be_bytes(bytes.try_into().ok()?).into(), 0),
        8 => {
            let value = u64::from_be_bytes(bytes.try_into().ok()?);
            Timestamp::new(
                i64::try_from(value & ((1 << 34) - 1)).ok()?,
                u32::try_from(value >> 34).ok()?,
            )
        }
        12 => {
            let (nanoseconds, seconds) = bytes.split_at(4);
            let nanoseconds = u32::from_be_bytes(nanoseconds.try_into().ok()?);
            Timestamp::new(i64::from_be_bytes(seconds.try_into().ok()?), nanoseconds)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(text: &str) -> Timestamp {
        let moment: Timestamp = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        let packed = rmp_serde::to_vec(&moment).unwrap();
        assert_eq!(
            rmp_serde::from_slice::<Timestamp>(&packed).unwrap(),
            moment,
            "{text}"
        );
        moment
    }

    #[test]
    fn timestamps_keep_their_moment_in_both_protocols() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2002-04-01T10:20:15Z",
            "2024-02-29T23:59:59.123456789Z",
            "1969-12-31T23:59:59.5Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(both_ways(text).to_string(), text);
        }
        assert_eq!(
            both_ways("2000-01-01T02:30:00.250+02:30").to_string(),
            "2000-01-01T00:00:00.25Z"
        );
    }

    #[test]
    fn timestamps_have_the_shortest_form() {
        let packed = |seconds, nanoseconds| {
            rmp_serde::to_vec(&Timestamp::new(seconds, nanoseconds).unwrap()).unwrap()
        };
        assert_eq!(packed(1, 0), [0xd6, 0xff, 0, 0, 0, 1]);
        assert_eq!(packed(1, 1)[..2], [0xd7, 0xff]);
        assert_eq!(packed(-1, 0)[..3], [0xc7, 0x0c, 0xff]);
    }

    #[test]
    fn what_is_not_a_timestamp_is_refused() {
        for text in [
            "",
            "2000-01-01",
            "2000-13-01T00:00:00Z",
            "2000-01-01T25:00:00Z",
            "2000-01-01T00:00:00.xZ",
            "é",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert!(rmp_serde::from_slice::<Timestamp>(&[0xd6, 0x05, 0, 0, 0, 1]).is_err());
    }

    #[test]
    fn bytes_are_base64_or_binary() {
        let bytes = Binary(vec![1, 2, 3]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), "\"AQID\"");
        assert_eq!(serde_json::from_str::<Binary>("\"AQID\"").unwrap(), bytes);
        assert_eq!(rmp_serde::to_vec(&bytes).unwrap(), [0xc4, 3, 1, 2, 3]);
        assert_eq!(
            rmp_serde::from_slice::<Binary>(&[0xc4, 3, 1, 2, 3]).unwrap(),
            bytes
        );
    }
}
