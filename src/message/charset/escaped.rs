//! Two seven-bit sets that browsers no longer read, and mails from Korea and China still come in.

use encoding_rs::{EUC_KR, GBK};

const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// ISO-2022-KR (RFC 1557): EUC-KR without its high bits between shift-out and shift-in.
pub(super) fn iso_2022_kr(bytes: &[u8]) -> String {
    let mut euc = Vec::with_capacity(bytes.len());
    let mut high = 0;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match *byte {
            SHIFT_OUT => high = 0x80,
            SHIFT_IN => high = 0,
            0x1b => rest = after.strip_prefix(b"$)C").unwrap_or(after),
            byte if byte > b' ' => euc.push(byte | high),
            byte => euc.push(byte),
        }
    }
    super::with(EUC_KR, &euc)
}

/// HZ (RFC 1843): GB 2312 without its high bits between `~{` and `~}`.
pub(super) fn hz(bytes: &[u8]) -> String {
    let mut gbk = Vec::with_capacity(bytes.len());
    let mut high = 0;
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escape = after.first().filter(|_| *byte == b'~');
        match escape {
            Some(b'{') => high = 0x80,
            Some(b'}') => high = 0,
            Some(b'~') => gbk.push(b'~'),
            Some(b'\n') => {}
            _ => {
                gbk.push(if *byte > b' ' { *byte | high } else { *byte });
                continue;
            }
        }
        rest = &after[1..];
    }
    super::with(GBK, &gbk)
}
