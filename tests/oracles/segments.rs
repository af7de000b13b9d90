//! How many parts a text takes, compared with sms-segments-calculator, split-sms and smsutil.

use std::collections::BTreeMap;
use std::process::Command;

use telepost::sms::{self, Charset, Encoding, Joining, Medium, Overflow, Settings, Sms, Template, Ucs2};
use unicode_segmentation::UnicodeSegmentation;

use super::{Finding, Tally};

const TEXTS: usize = 20_000;
const SEED: u64 = 23_038;
/// UCS-2 units of a part that the phone joins.
const JOINED_UCS2: usize = 67;
/// What joins two Devanagari consonants.
const VIRAMA: char = '\u{94d}';

/// For each program what it makes of each text: whether it is in the GSM alphabet, and the number of parts.
type Counts = BTreeMap<String, Vec<(bool, usize)>>;

#[test]
fn segment_counts_agree_with_those_of_others() {
    let is_here = |needed| super::installed("segments", needed);
    let (Some(place), Some(_)) = (is_here("venv/bin/python"), is_here("node_modules")) else { return };
    let ours: Vec<Sms> = texts().iter().map(|text| set(text)).collect();
    let json = serde_json::to_vec(&ours.iter().map(|sms| &sms.text).collect::<Vec<_>>()).unwrap();
    let mut count_in_node = Command::new("node");
    count_in_node.arg(super::script("segments/count.cjs")).arg(&place);
    let mut count_in_python = Command::new(place.join("venv/bin/python"));
    count_in_python.arg(super::script("segments/count.py"));
    let mut theirs = Counts::new();
    for mut count in [count_in_node, count_in_python] {
        theirs.extend(serde_json::from_value::<Counts>(super::answer(&mut count, &json)).unwrap());
    }
    assert_eq!(theirs.len(), 3);

    for (program, counts) in theirs {
        assert_eq!(counts.len(), ours.len());
        let mut tally = Tally::default();
        for (sms, count) in ours.iter().zip(&counts) {
            tally.count(compare(&program, sms, *count));
        }
        tally.judge(&program, 90);
    }
}

/// The two known differences are recomputed, each time.
fn compare(program: &str, sms: &Sms, (is_gsm, parts): (bool, usize)) -> Finding {
    if (sms.encoding == Encoding::Gsm7, sms.parts.len()) == (is_gsm, parts) {
        return Finding::Same;
    }
    let (reason, pieces): (_, Vec<&str>) = match program {
        "sms-segments-calculator" => {
            ("it parts conjuncts", sms.text.graphemes(true).flat_map(|c| c.split_inclusive(VIRAMA)).collect())
        }
        _ => ("it parts clusters", sms.text.split("").filter(|text| !text.is_empty()).collect()),
    };
    match !is_gsm && sms.encoding == Encoding::Ucs2 && filled(&pieces) == parts {
        true => Finding::Because(reason),
        false => Finding::Unexplained(format!("{parts} parts, GSM alphabet {is_gsm}, of {sms:?}")),
    }
}

/// How many parts there are when each takes as many of the pieces as it can hold.
fn filled(pieces: &[&str]) -> usize {
    let mut parts = 1;
    let mut units = 0;
    for piece in pieces {
        let more = piece.encode_utf16().count();
        if units + more > JOINED_UCS2 {
            parts += 1;
            units = 0;
        }
        units += more;
    }
    parts
}

fn set(text: &str) -> Sms {
    let medium = Medium { joining: Joining::Joined, ucs2: Ucs2::Allow, ..Medium::new(Charset::Utf8, 160) };
    let settings = Settings {
        template: Template::parse("{body}").unwrap(),
        max_parts: 255,
        overflow: Overflow::Refuse,
        ellipsis: String::new(),
    };
    let sms = sms::fit(text, &medium, &settings).unwrap();
    let joined: String = sms.parts.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(joined, sms.text);
    sms
}

/// Texts of five kinds, each with all that the kinds before it hold, at lengths around every limit.
fn texts() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..TEXTS).map(|n| text(&mut random, n % 5)).collect()
}

fn text(random: &mut fastrand::Rng, kind: usize) -> String {
    const LENGTHS: [usize; 16] = [3, 69, 70, 71, 134, 135, 152, 153, 154, 159, 160, 161, 201, 306, 307, 600];
    const WORDS: [&str; 8] = ["disk", "full", "on", "host", "db1:", "load", "is", "critical."];
    const EXTENDED: [&str; 9] = ["^", "{", "}", "\\", "[", "~", "]", "|", "€"];
    const LETTERS: [&str; 12] = ["@", "£", "¥", "è", "Ç", "Ø", "Δ", "Ω", "ß", "¿", "§", "à"];
    const DEAR: [&str; 8] = ["会", "議", "カ", "한", "ç", "’", "ж", "`"];
    const CLUSTERS: [&str; 10] =
        ["😀", "👍🏽", "👨\u{200d}👩\u{200d}👧", "🇮🇹", "1\u{fe0f}\u{20e3}", "x\u{302}", "ệ", "नि", "क्षि", "ก็"];
    let kinds: [&[&str]; 5] = [&WORDS, &EXTENDED, &LETTERS, &DEAR, &CLUSTERS];
    let length = random.choice(LENGTHS).unwrap() + random.usize(0..4);
    let mut text = String::new();
    while text.chars().count() < length {
        let pieces = kinds[random.usize(0..=kind)];
        text.push_str(random.choice(pieces).unwrap());
        text.push_str(random.choice(["", "", " ", "\n"]).unwrap());
    }
    text.chars().take(length).collect()
}
