//! WebSocket frames (RFC 6455) as a server reads and writes them.

/// The largest payload of a control frame.
const MAXIMUM_CONTROL: usize = 125;

/// What the bytes of the peer mean.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// A piece of a data message. Where messages begin and end does not matter to hub protocols.
    Data(&'a [u8]),
    /// A ping, to be answered with the same payload.
    Ping(&'a [u8]),
    /// The peer's half of the closing handshake.
    Close,
}

/// The peer broke RFC 6455.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FrameError;

/// Finds frames in bytes that are cut anywhere. Owns no memory beyond itself except during a control frame cut in two.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    header: [u8; 14],
    header_len: u8,
    /// How much of the current frame's payload is still to come.
    remaining: u64,
    mask: [u8; 4],
    mask_offset: usize,
    in_payload: bool,
    opcode: u8,
    /// A data message has begun and its final frame is not here yet.
    in_message: bool,
    control: Vec<u8>,
}

impl Decoder {
    /// Reads all of `bytes`, unmasking them in place. Stops early if `handle` says so.
    pub(crate) fn decode(
        &mut self,
        mut bytes: &mut [u8],
        mut handle: impl FnMut(Event<'_>) -> bool,
    ) -> Result<(), FrameError> {
        loop {
            if !self.in_payload {
                let taken = self.read_header(bytes)?;
                bytes = &mut bytes[taken..];
                if !self.in_payload {
                    return Ok(());
                }
            }
            let available = usize::try_from(self.remaining)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let (payload, rest) = std::mem::take(&mut bytes).split_at_mut(available);
            self.unmask(payload);
            self.remaining -= available as u64;
            let complete = self.remaining == 0;
            let go_on = self.payload(payload, complete, &mut handle);
            if complete {
                self.in_payload = false;
            }
            bytes = rest;
            if !go_on || (bytes.is_empty() && (!complete || self.header_len == 0)) {
                return Ok(());
            }
        }
    }

    fn payload(
        &mut self,
        payload: &[u8],
        complete: bool,
        handle: &mut impl FnMut(Event<'_>) -> bool,
    ) -> bool {
        if self.opcode < 0x8 {
            return payload.is_empty() || handle(Event::Data(payload));
        }
        if !complete {
            self.control.extend_from_slice(payload);
            return true;
        }
        let mut control = std::mem::take(&mut self.control);
        let whole = if control.is_empty() {
            payload
        } else {
            control.extend_from_slice(payload);
            &control
        };
        match self.opcode {
            0x8 => handle(Event::Close),
            0x9 => handle(Event::Ping(whole)),
            _ => true,
        }
    }

    /// Takes header bytes until the header is complete; returns how many it took.
    fn read_header(&mut self, bytes: &[u8]) -> Result<usize, FrameError> {
        let mut taken = 0;
        loop {
            let have = usize::from(self.header_len);
            let needed = if have < 2 {
                2
            } else {
                2 + extended_length(self.header[1]) + 4
            };
            if have == needed {
                self.begin_frame(needed)?;
                self.header_len = 0;
                return Ok(taken);
            }
            let Some(&byte) = bytes.get(taken) else {
                return Ok(taken);
            };
            self.header[have] = byte;
            self.header_len += 1;
            taken += 1;
            if self.header_len == 2 {
                self.check_header()?;
            }
        }
    }

    fn check_header(&mut self) -> Result<(), FrameError> {
        let [first, second, ..] = self.header;
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        let is_reserved = first & 0x70 != 0;
        let is_masked = second & 0x80 != 0;
        let valid = match opcode {
            0x0 => self.in_message,
            0x1 | 0x2 => !self.in_message,
            0x8..=0xa => is_final && usize::from(second & 0x7f) <= MAXIMUM_CONTROL,
            _ => false,
        };
        if is_reserved || !is_masked || !valid {
            return Err(FrameError);
        }
        if opcode < 0x8 {
            self.in_message = !is_final;
        }
        self.opcode = opcode;
        Ok(())
    }

    fn begin_frame(&mut self, header_len: usize) -> Result<(), FrameError> {
        let length = &self.header[2..header_len - 4];
        self.remaining = match length.len() {
            0 => u64::from(self.header[1] & 0x7f),
            _ => length
                .iter()
                .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        };
        if self.remaining >> 63 != 0 {
            return Err(FrameError);
        }
        self.mask
            .copy_from_slice(&self.header[header_len - 4..header_len]);
        self.mask_offset = 0;
        self.in_payload = true;
        Ok(())
    }

    fn unmask(&mut self, payload: &mut [u8]) {
        let mut key = self.mask;
        key.rotate_left(self.mask_offset % 4);
        let word = u64::from_ne_bytes([
            key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
        ]);
        let mut chunks = payload.chunks_exact_mut(8);
        for chunk in &mut chunks {
            let value =
                u64::from_ne_bytes((&*chunk).try_into().expect("chunks have eight bytes")) ^ word;
            chunk.copy_from_slice(&value.to_ne_bytes());
        }
        for (byte, key) in chunks.into_remainder().iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
        self.mask_offset = (self.mask_offset + payload.len()) % 4;
    }
}

/// How many bytes of length follow the first two.
fn extended_length(second: u8) -> usize {
    match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

/// The kinds of frame that a server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Pong = 0xa,
}

/// Writes the header of an unfragmented, unmasked frame.
pub(crate) fn write_header(buffer: &mut [u8; 10], opcode: Opcode, length: usize) -> &[u8] {
    buffer[0] = 0x80 | opcode as u8;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length), _) if usize::from(length) <= MAXIMUM_CONTROL => {
            buffer[1] = length;
            &buffer[..2]
        }
        (_, Ok(length)) => {
            buffer[1] = 126;
            buffer[2..4].copy_from_slice(&length.to_be_bytes());
            &buffer[..4]
        }
        _ => {
            buffer[1] = 127;
            buffer[2..].copy_from_slice(&(length as u64).to_be_bytes());
            buffer
        }
    }
}

/// Appends a whole frame.
pub(crate) fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.extend_from_slice(write_header(&mut [0; 10], opcode, payload.len()));
    out.extend_from_slice(payload);
}
