//! Finds the text in a winmail.dat: Microsoft's TNEF ([MS-OXTNEF]), which Outlook sends instead of a mail.
//!
//! Only the body is looked for: plain text or HTML as such. It never fails: what is broken has no text.
//!
//! Known limit: a body that is only in compressed RTF is not read.

use super::charset;

const SIGNATURE: u32 = 0x223e_9f78;
/// `attBody`: the plain text.
const ATTRIBUTE_BODY: u32 = 0x0002_800c;
/// `attMsgProps`: a list of MAPI properties.
const ATTRIBUTE_PROPERTIES: u32 = 0x0006_9003;
const ATTRIBUTE_CODE_PAGE: u32 = 0x0006_9007;
const PROPERTY_BODY: u16 = 0x1000;
const PROPERTY_HTML: u16 = 0x1013;

/// A body as it was found, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Plain(String),
    Html(String),
}

/// The body of a TNEF; plain text is preferred.
pub(super) fn text(bytes: &[u8]) -> Option<Body> {
    let mut input = Input(bytes);
    if input.u32()? != SIGNATURE {
        return None;
    }
    input.u16()?;
    let mut code_page = "windows-1252".to_owned();
    let mut html = None;
    while let Some((attribute, data)) = input.attribute() {
        match attribute {
            ATTRIBUTE_CODE_PAGE => code_page = Input(data).u32().map_or(code_page, |page| format!("cp{page}")),
            ATTRIBUTE_BODY => return Some(Body::Plain(charset::decode(until_zero(data), Some(&code_page)))),
            ATTRIBUTE_PROPERTIES => match properties(data, &code_page) {
                Some(Body::Html(text)) => html = Some(text),
                plain @ Some(Body::Plain(_)) => return plain,
                None => {}
            },
            _ => {}
        }
    }
    html.map(Body::Html)
}

fn properties(data: &[u8], code_page: &str) -> Option<Body> {
    let mut input = Input(data);
    let mut html = None;
    for _ in 0..input.u32()? {
        let Some((id, kind, value)) = input.property() else { break };
        match (id, kind) {
            (PROPERTY_BODY, UNICODE) => {
                return Some(Body::Plain(charset::decode(value, Some("utf-16le")).replace('\0', "")));
            }
            (PROPERTY_BODY, _) => return Some(Body::Plain(charset::decode(until_zero(value), Some(code_page)))),
            (PROPERTY_HTML, UNICODE) => html = Some(Body::Html(charset::decode(value, Some("utf-16le")))),
            (PROPERTY_HTML, _) => html = Some(Body::Html(charset::decode(value, Some(code_page)))),
            _ => {}
        }
    }
    html
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// MAPI type of a string in UTF-16.
const UNICODE: u16 = 0x001f;

/// Little-endian bytes, taken from the front; nothing when they run out.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().and_then(|length| usize::try_from(length).ok())
    }

    /// Level, name, length, data, check sum.
    fn attribute(&mut self) -> Option<(u32, &'a [u8])> {
        self.take(1)?;
        let name = self.u32()?;
        let length = self.length()?;
        // The data of a mail that was cut is worth reading too.
        let data = self.take(length.min(self.0.len()))?;
        self.u16();
        Some((name, data))
    }

    /// Identifier, type and value of a MAPI property; of several values the last.
    fn property(&mut self) -> Option<(u16, u16, &'a [u8])> {
        const SEVERAL: u16 = 0x1000;
        const NAMED: u16 = 0x8000;
        let kind = self.u16()?;
        let id = self.u16()?;
        if id >= NAMED {
            self.skip_name()?;
        }
        let fixed = match kind & !SEVERAL {
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
            0x0048 => Some(16),
            0x000d | 0x001e | UNICODE | 0x0102 => None,
            _ => return None,
        };
        let count = if fixed.is_none() || kind & SEVERAL != 0 { self.u32()? } else { 1 };
        let mut value: &[u8] = &[];
        for _ in 0..count {
            let length = fixed.map_or_else(|| self.length(), Some)?;
            value = self.take(length)?;
            self.take(length.wrapping_neg() % 4)?;
        }
        Some((id, kind, value))
    }

    fn skip_name(&mut self) -> Option<()> {
        self.take(16)?;
        match self.u32()? {
            0 => self.take(4)?,
            _ => {
                let length = self.length()?;
                self.take(length)?;
                self.take(length.wrapping_neg() % 4)?
            }
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap();
        [&[1][..], &name.to_le_bytes(), &length.to_le_bytes(), data, &[0, 0]].concat()
    }

    fn tnef(attributes: &[Vec<u8>]) -> Vec<u8> {
        [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
    }

    fn string(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap();
        let padding = vec![0; value.len().wrapping_neg() % 4];
        [&kind.to_le_bytes()[..], &id.to_le_bytes(), &1u32.to_le_bytes(), &length.to_le_bytes(), value, &padding]
            .concat()
    }

    fn properties(all: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(all.len()).unwrap();
        attribute(ATTRIBUTE_PROPERTIES, &[&count.to_le_bytes()[..], &all.concat()].concat())
    }

    #[test]
    fn the_body_is_found_wherever_it_is() {
        let number = [3u16.to_le_bytes(), 0x3fde_u16.to_le_bytes(), [1, 2], [3, 4]].concat();
        let utf16: Vec<u8> = "größer\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let html = string(0x0102, PROPERTY_HTML, b"<p>html</p>");
        for (bytes, body) in [
            (
                tnef(&[attribute(0x0008_8004, b"Subject\0"), attribute(ATTRIBUTE_BODY, b"gr\xf6\xdfer\0")]),
                Body::Plain("größer".to_owned()),
            ),
            (
                tnef(&[properties(&[number.clone(), string(UNICODE, PROPERTY_BODY, &utf16)])]),
                Body::Plain("größer".to_owned()),
            ),
            (tnef(&[properties(&[number, html.clone()])]), Body::Html("<p>html</p>".to_owned())),
            (tnef(&[properties(&[html]), attribute(ATTRIBUTE_BODY, b"plain")]), Body::Plain("plain".to_owned())),
        ] {
            assert_eq!(text(&bytes), Some(body));
        }
    }

    #[test]
    fn what_is_broken_has_no_text() {
        let whole = tnef(&[properties(&[string(0x001e, PROPERTY_BODY, b"text")])]);
        for length in 0..whole.len() - 7 {
            assert_eq!(text(&whole[..length]), None, "{length}");
        }
        assert_eq!(text(b"no tnef at all"), None);
    }
}
