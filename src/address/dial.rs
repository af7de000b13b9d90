//! Reads a telephone number as people and programs write it into the local part of an address. Pure.
//!
//! Taken: `+44…`, `0044…`, `44…` and, with a country configured, national numbers; with the usual separators, `(0)`,
//! digits of other scripts, `tel:` and `sms:` URIs (RFC 3966, RFC 5724), `number=`, `sms=` and the like (RFC 3191), and
//! `/TYPE=PLMN` (MM4). What can be read in two ways is not taken: a guess would wake a stranger.
//!
//! Known limit: there is no table of the world's numbering plans, so a number in international form is taken at its
//! word. Only its length and that it does not begin with 0 are checked.

use super::number::{MIN_DIGITS, Number, NumberError};
use super::settings::Numbering;

/// Words that may stand before a number, with `=` or `:` between.
const LABELS: [&str; 9] = ["number", "sms", "tel", "phone", "mobile", "msisdn", "to", "fax", "voice"];
/// How Exchange wraps addresses that are not of the Internet: `IMCEASMS-+447731234567`.
const ENCAPSULATION: &str = "imcea";
/// Countries whose numbers keep a zero that others write as `(0)`: Italy, San Marino, Vatican City.
const ZERO_BELONGS: [&str; 3] = ["39", "378", "379"];

/// The most digits of a national number, its prefix included unless that is a zero.
const MAX_NATIONAL: usize = 11;

/// Why a text is no number that can be called; reads as the end of a sentence that begins with the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("{0}")]
    Number(#[from] NumberError),
    #[error("no country is configured for national numbers, write the number with its country code")]
    National,
    #[error("without + or 00 before it, it may be a national number or one with a country code")]
    TwoWays,
    #[error("an SMS can't go to an extension")]
    Extension,
    #[error("a fax or a voice call can't be sent here, only an SMS")]
    OtherService,
    #[error("phone-context {0:?} is no prefix such as +44")]
    Context(String),
    #[error("+{0} is no option here, options are +urgent and +low")]
    Option(String),
    #[error("an SMS can't be sent as flash here, options are +urgent and +low")]
    Flash,
}

/// Reads a local part, its quotes already removed.
pub fn read(local: &str, numbering: &Numbering) -> Result<Number, Flaw> {
    let written: String = local.chars().map(plain).collect();
    let written = written.trim().to_ascii_lowercase();
    let (number, parameters) = split_parameters(unlabelled(&written)?);
    let context = context_of(parameters)?;
    let digits = dialled(without_extension(number)?)?;
    let digits = match digits {
        Dialled::Bare(bare) if let Some(context) = context => return number_of(&format!("{context}{bare}")),
        dialled => dialled,
    };
    match digits {
        Dialled::International(digits) => number_of(&digits),
        Dialled::Bare(digits) => number_of(&international(&digits, numbering)?),
    }
}

/// What a number without separators turns out to be.
enum Dialled {
    /// It began with `+` or `00`; the digits after that.
    International(String),
    Bare(String),
}

fn number_of(digits: &str) -> Result<Number, Flaw> {
    Ok(Number::from_e164(&format!("+{digits}"))?)
}

/// ASCII for the digits, the plus, the spaces and the dashes of other scripts; everything else stays.
fn plain(c: char) -> char {
    /// Where ten digits from 0 to 9 stand in a row: Arabic-Indic, Persian, Devanagari, Bengali, fullwidth.
    const ZEROS: [u32; 5] = [0x0660, 0x06F0, 0x0966, 0x09E6, 0xFF10];
    let digit = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|digit| *digit < 10));
    if let Some(digit) = digit.and_then(|digit| char::from_digit(digit, 10)) {
        return digit;
    }
    match c {
        '\u{FF0B}' => '+',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Takes off what says that a number follows.
fn unlabelled(written: &str) -> Result<&str, Flaw> {
    let written = match written.strip_prefix(ENCAPSULATION) {
        Some(wrapped) => wrapped.split_once('-').map_or(written, |(_, number)| number),
        None => written,
    };
    let Some((label, number)) = written.split_once(['=', ':']) else { return Ok(written) };
    match label.trim() {
        "fax" | "voice" => Err(Flaw::OtherService),
        label if LABELS.contains(&label) => Ok(number.trim().trim_start_matches("//")),
        _ => Ok(written),
    }
}

/// The number, and what a URI or an MM4 address says behind it.
fn split_parameters(number: &str) -> (&str, &str) {
    let number = number.strip_suffix("/type=plmn").unwrap_or(number);
    number.split_once([';', '?']).unwrap_or((number, ""))
}

/// The digits that a local number of a `tel:` URI belongs behind (RFC 3966, section 5.1.5).
fn context_of(parameters: &str) -> Result<Option<String>, Flaw> {
    let mut context = None;
    for parameter in parameters.split(';') {
        match parameter.split_once('=') {
            Some(("ext", extension)) if !extension.is_empty() => return Err(Flaw::Extension),
            Some(("phone-context", prefix)) => {
                let digits = prefix.strip_prefix('+').map(|prefix| prefix.replace(['-', '.', '(', ')'], ""));
                let digits = digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
                context = Some(digits.ok_or_else(|| Flaw::Context(prefix.to_owned()))?);
            }
            _ => {}
        }
    }
    Ok(context)
}

/// The number when no extension follows: `x12`, `ext. 12`, `#12`.
fn without_extension(number: &str) -> Result<&str, Flaw> {
    let before = number.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches([' ', '.', ':']);
    let before = ["ext", "x", "#"].iter().find_map(|mark| before.strip_suffix(mark)).unwrap_or_default();
    match before.contains(|c: char| c.is_ascii_digit()) {
        true => Err(Flaw::Extension),
        false => Ok(number),
    }
}

/// Takes the separators out.
fn dialled(number: &str) -> Result<Dialled, Flaw> {
    let number = number.trim();
    // A plus or 00 in brackets, as in `(+44) 7731 234567`, is still at the front.
    let bare = number.trim_start_matches('(').trim_start();
    let rest = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"));
    match rest {
        Some(rest) => digits_of(&without_zero_in_brackets(rest)).map(Dialled::International),
        None => digits_of(number).map(Dialled::Bare),
    }
}

/// `44 (0)7731…` is `44 7731…`: the bracket says that the zero is dialled at home only. Not so where it belongs.
fn without_zero_in_brackets(rest: &str) -> String {
    match rest.split_once("(0)") {
        Some((country, national)) => {
            let code = country.trim_matches(|c: char| !c.is_ascii_digit());
            let zero = if ZERO_BELONGS.contains(&code) { "0" } else { "" };
            format!("{country}{zero}{national}")
        }
        None => rest.to_owned(),
    }
}

fn digits_of(number: &str) -> Result<String, Flaw> {
    let mut digits = String::with_capacity(number.len());
    let mut rest = number.chars();
    while let Some(c) = rest.next() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '-' | '.' | '/' | '(' | ')' | '_' => {}
            '+' if !digits.is_empty() => return Err(Flaw::Option(rest.collect())),
            other => return Err(NumberError::Character(other).into()),
        }
    }
    Ok(digits)
}

/// Puts the country before a national number. Where no country is configured, every number has its code.
///
/// With a trunk prefix, it alone marks a national number: `07731…`. Many leave it out, and then the number has the
/// looks of another country's: what is London's `7731234567` is Kazakhstan's `+7731234567`.
fn international(digits: &str, numbering: &Numbering) -> Result<String, Flaw> {
    let Some(country) = &numbering.country_code else {
        return if digits.starts_with('0') { Err(Flaw::National) } else { Ok(digits.to_owned()) };
    };
    let trunk = numbering.trunk_prefix.as_str();
    // Russia's 8 and North America's 1 are the beginning of other countries' codes too.
    let may_be_trunk = trunk.starts_with('0') || (!trunk.is_empty() && digits.len() <= MAX_NATIONAL);
    let national = digits.strip_prefix(trunk).filter(|_| may_be_trunk);
    let has_code = digits.starts_with(country.as_str()) && !is_national(digits, country);
    match national {
        // Two zeros with something between are neither 00 nor a trunk prefix.
        Some(national) if national.starts_with('0') => Err(NumberError::Zero.into()),
        Some(national) => Ok(format!("{country}{national}")),
        None if has_code || digits.len() > MAX_NATIONAL => Ok(digits.to_owned()),
        None if trunk.is_empty() && (digits.len() < MAX_NATIONAL || digits.starts_with('0')) => {
            Ok(format!("{country}{digits}"))
        }
        None => Err(Flaw::TwoWays),
    }
}

/// Whether a number that begins like its country's code begins so by chance: Norway's 47 71 86 05 is too short for a
/// number with a code, and so is Italy's 392 1234567 for an Italian one.
fn is_national(digits: &str, country: &str) -> bool {
    digits.len() < MIN_DIGITS || (country == "39" && digits.len() == MIN_DIGITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONDON: &str = "+447731234567";

    fn numbering(country: Option<&str>, trunk: &str) -> Numbering {
        Numbering { country_code: country.map(str::to_owned), trunk_prefix: trunk.to_owned(), ..Numbering::default() }
    }

    fn anywhere(local: &str) -> Result<String, Flaw> {
        read(local, &numbering(None, "")).map(|number| number.to_string())
    }

    #[test]
    fn the_forms_of_the_gateways_document_are_one_number() {
        for local in ["+447731234567", "00447731234567", "447731234567"] {
            assert_eq!(anywhere(local).as_deref(), Ok(LONDON), "{local}");
        }
    }

    #[test]
    fn separators_labels_and_other_scripts_change_nothing() {
        for local in [
            "+44 7731 234567",
            "0044.7731.234567",
            "+44-7731-234-567",
            "(+44) 7731/234567",
            "+44 (0)7731 234567",
            "+44(0)7731234567",
            "0044 (0) 7731 234567",
            "+44_7731_234567",
            "+44\u{a0}7731\u{2011}234567",
            "\u{ff0b}\u{ff14}\u{ff14}7731234567",
            "+\u{664}\u{664}7731234567",
            "tel:+44-7731-234567",
            "TEL:+447731234567;phone-context=+39",
            "tel:7731234567;phone-context=+44",
            "sms:+447731234567?body=hello",
            "number=447731234567",
            "SMS=+447731234567",
            "mobile=00447731234567",
            "+447731234567/TYPE=PLMN",
            "IMCEASMS-+447731234567",
        ] {
            assert_eq!(anywhere(local).as_deref(), Ok(LONDON), "{local}");
        }
    }

    #[test]
    fn a_zero_in_brackets_stays_where_it_belongs() {
        assert_eq!(anywhere("+39 (0)6 1234 5678").as_deref(), Ok("+390612345678"));
    }

    #[test]
    fn national_numbers_need_a_country() {
        let british = numbering(Some("44"), "0");
        let italian = numbering(Some("39"), "");
        let russian = numbering(Some("7"), "8");
        let norwegian = numbering(Some("47"), "");
        let american = numbering(Some("1"), "");
        for (local, numbering, expected) in [
            ("07731234567", &british, Ok("+447731234567")),
            ("(07731) 234567", &british, Ok("+447731234567")),
            ("447731234567", &british, Ok("+447731234567")),
            ("393331234567", &british, Ok("+393331234567")),
            ("00393331234567", &british, Ok("+393331234567")),
            ("8 (912) 345-67-89", &russian, Ok("+79123456789")),
            ("819012345678", &russian, Ok("+819012345678")),
            ("3331234567", &italian, Ok("+393331234567")),
            ("0612345678", &italian, Ok("+390612345678")),
            ("393331234567", &italian, Ok("+393331234567")),
            ("3921234567", &italian, Ok("+393921234567")),
            ("447731234567", &italian, Ok("+447731234567")),
            ("47 71 86 05", &norwegian, Ok("+4747718605")),
            ("2025550123", &american, Ok("+12025550123")),
            ("12025550123", &american, Ok("+12025550123")),
            ("+447731234567", &italian, Ok("+447731234567")),
        ] {
            assert_eq!(read(local, numbering).as_ref().map(Number::as_str), expected.as_ref().map(|n| *n), "{local}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for (local, flaw) in [
            // A peer takes this for Germany.
            ("04912345678", Flaw::National),
            ("07731234567", Flaw::National),
            ("+044773123456", Flaw::Number(NumberError::Zero)),
            ("000447731234567", Flaw::Number(NumberError::Zero)),
            ("+4477312", Flaw::Number(NumberError::Length { found: 7 })),
            ("+44773123456712345", Flaw::Number(NumberError::Length { found: 17 })),
            ("+447731234567x12", Flaw::Extension),
            ("+447731234567 ext. 12", Flaw::Extension),
            ("+447731234567#12", Flaw::Extension),
            ("tel:+447731234567;ext=12", Flaw::Extension),
            // What only looks like one is called by its name.
            ("00447731234567%sms.example.com", Flaw::Number(NumberError::Character('%'))),
            ("fax=+447731234567", Flaw::OtherService),
            ("tel:7731234567;phone-context=example.com", Flaw::Context("example.com".to_owned())),
            ("+447731234567+flash", Flaw::Option("flash".to_owned())),
            ("+44773123456a", Flaw::Number(NumberError::Character('a'))),
            ("+44,7731234567", Flaw::Number(NumberError::Character(','))),
            ("postmaster", Flaw::Number(NumberError::Character('p'))),
            ("", Flaw::Number(NumberError::Length { found: 0 })),
        ] {
            assert_eq!(anywhere(local), Err(flaw), "{local}");
        }
    }

    #[test]
    fn a_national_number_without_its_trunk_prefix_is_not_guessed_either() {
        for (country, local, flaw) in [
            // Kazakhstan, Egypt, North America, and France in a country that configures a trunk prefix and has none.
            ("44", "7731234567", Flaw::TwoWays),
            ("1", "2025550123", Flaw::TwoWays),
            ("86", "13912345678", Flaw::TwoWays),
            ("39", "3331234567", Flaw::TwoWays),
            ("31", "612345678", Flaw::TwoWays),
            ("86", "0(0131) 26893293", NumberError::Zero.into()),
        ] {
            assert_eq!(read(local, &numbering(Some(country), "0")), Err(flaw), "{local}");
        }
        assert_eq!(read("61431265344", &numbering(Some("45"), "")), Err(Flaw::TwoWays));
        assert_eq!(read("011447731234567", &numbering(Some("1"), "")), Err(NumberError::Zero.into()));
    }

    proptest! {
        #[test]
        fn a_number_that_was_read_reads_as_itself(local in "\\PC{0,30}|[0-9+() .-]{8,22}") {
            if let Ok(number) = anywhere(&local) {
                prop_assert_eq!(anywhere(number.as_str()), Ok(number));
            }
        }

        #[test]
        fn separators_between_digits_change_nothing(digits in "[1-9][0-9]{9,15}", at in 1..10_usize, mark in "[ ./_-]") {
            let plain = format!("+{digits}");
            let marked = format!("+{}{mark}{}", &digits[..at], &digits[at..]);
            prop_assert_eq!(anywhere(&marked), Ok(plain));
        }
    }
}
