//! The name of a letter: what the client is told, and what every log line about it carries. Pure.
//!
//! Six characters of time, so that names sort by age and new ones lie side by side in the index; then six by chance,
//! so that nobody can guess his neighbour's. Known limit: after 34 years the time begins again, and names that meet
//! are drawn again by whoever stores them.

use jiff::Timestamp;

/// Digits and letters in the order of ASCII, without those that are taken for one another over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LENGTH: u32 = 6;
const CHANCE_LENGTH: u32 = 6;
/// The bits that one character of the alphabet carries.
const BITS: u32 = 5;
/// The second from which time is counted: the beginning of 2026.
const BEGIN: i64 = 1_767_225_600;

/// The name of a letter accepted at `accepted`; `chance` is random.
pub fn letter_name(accepted: Timestamp, chance: u64) -> String {
    // Whatever the clock says it becomes 30 bits: a name only has to be different, not right.
    let seconds = accepted.as_second().wrapping_sub(BEGIN) as u64;
    let digit = |value: u64, place: u32| char::from(ALPHABET[((value >> (place * BITS)) & 31) as usize]);
    let time = (0..TIME_LENGTH).rev().map(|place| digit(seconds, place));
    let chance = (0..CHANCE_LENGTH).rev().map(|place| digit(chance, place));
    time.chain(chance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_name_is_time_and_then_chance() {
        assert_eq!(letter_name(at(BEGIN), 0), "000000000000");
        assert_eq!(letter_name(at(BEGIN + 32), u64::MAX), "000010zzzzzz");
        assert_eq!(letter_name(Timestamp::MIN, 1).len(), 12);
    }

    proptest! {
        #[test]
        fn names_are_lower_case_letters_and_digits_and_sort_by_age(age in 0_i64..1_000_000_000, chances: (u64, u64)) {
            let (older, newer) = (letter_name(at(BEGIN + age), chances.0), letter_name(at(BEGIN + age + 1), chances.1));
            prop_assert!(older < newer, "{older} {newer}");
            prop_assert!(older.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }
    }
}
